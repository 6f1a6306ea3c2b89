"""What only the book needs: its build, its checks, its interactive figures."""

from saeno.book.checking import check

__all__ = ["check"]
