"""The laboratories of the part on sparse recovery."""
