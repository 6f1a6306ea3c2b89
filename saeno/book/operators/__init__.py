"""The laboratories of the part on operators."""
