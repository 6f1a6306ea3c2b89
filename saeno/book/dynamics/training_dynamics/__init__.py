"""The laboratory of the chapter `dynamics/training-dynamics`."""
