"""The laboratory of the chapter `recovery/dictionary-learning`."""
