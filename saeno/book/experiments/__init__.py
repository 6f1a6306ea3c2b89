"""Experiments behind the numbers of the book, a module each; `saeno/book/claims.py` says what is in one.

`python -m saeno.book.experiments [NAME ...]` runs them, all or those named, and stores their results.
"""
