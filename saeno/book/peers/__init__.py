"""What other libraries were found to do, recorded where they were installed, so that nobody has to install them."""

from saeno.book.peers.records import recorded

__all__ = ["recorded"]
