"""The laboratory of the chapter `operators/functions`."""
