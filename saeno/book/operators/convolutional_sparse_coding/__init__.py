"""The laboratory of the chapter `operators/convolutional-sparse-coding`."""
