"""The laboratory of the chapter `interpretability/inside-an-fno`."""
