"""The laboratory of the chapter `recovery/iterative-shrinkage`."""
