"""What only the book needs: its build, its checks, its claims, its interactive figures."""

from saeno.book.checking import check
from saeno.book.claims import Claim, Number, Paired, claim

__all__ = ["Claim", "Number", "Paired", "check", "claim"]
