"""The laboratory of the chapter `operators/joint-sparsity`."""
