"""The laboratories of the part on lifting."""
