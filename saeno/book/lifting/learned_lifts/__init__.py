"""The laboratory of the chapter `lifting/learned-lifts`."""
