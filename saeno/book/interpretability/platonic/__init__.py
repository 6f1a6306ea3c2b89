"""The laboratory of the chapter `interpretability/platonic`."""
