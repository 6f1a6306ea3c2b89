"""The laboratory of the chapter `first-look`."""
