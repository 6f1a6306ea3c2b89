"""The laboratory of the chapter `recovery/sparse-autoencoders`."""
