"""The laboratories of the part `interpretability`."""
