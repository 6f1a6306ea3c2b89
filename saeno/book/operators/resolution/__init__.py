"""The laboratory of the chapter `operators/resolution`."""
