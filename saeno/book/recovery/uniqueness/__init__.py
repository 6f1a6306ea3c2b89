"""The laboratory of the chapter `recovery/uniqueness`."""
