"""The laboratory of the chapter `lifting/lifting`."""
