"""The inner loops: products with a truncated Fourier matrix, circular convolutions."""
