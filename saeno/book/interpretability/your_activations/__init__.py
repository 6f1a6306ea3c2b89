"""The laboratory of the page on your own activations."""
