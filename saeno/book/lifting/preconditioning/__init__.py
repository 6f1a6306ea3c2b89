"""The laboratory of the chapter `lifting/preconditioning`."""
