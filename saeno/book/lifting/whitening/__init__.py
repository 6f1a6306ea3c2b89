"""The laboratory of the chapter `lifting/whitening`."""
