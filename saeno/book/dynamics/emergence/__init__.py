"""The laboratory of the chapter `dynamics/emergence`."""
