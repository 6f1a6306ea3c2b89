"""The laboratory of the chapter `operators/fourier-neural-operators`."""
