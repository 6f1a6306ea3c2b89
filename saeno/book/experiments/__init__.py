"""Experiments behind the numbers of the book, one script each: `make claims` runs them all and stores their results."""
