"""Answers to the exercises of *Inside an fno*: right ones, and wrong ones with a part of the reason that is given."""

RIGHT = {}  # number of the exercise: [answer, answer]
WRONG = {}  # number of the exercise: [(answer, "part of the reason"), ...]
