"""The laboratories of the part on training dynamics."""
