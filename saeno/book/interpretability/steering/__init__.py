"""The laboratory of the chapter `interpretability/steering`."""
