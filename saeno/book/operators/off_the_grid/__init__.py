"""The laboratory of the chapter `operators/off-the-grid`."""
