"""The laboratories of the part `dynamics`."""
