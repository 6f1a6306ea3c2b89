"""The laboratory of the chapter `operators/smooth-concepts`."""
