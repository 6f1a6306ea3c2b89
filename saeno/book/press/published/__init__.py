"""What the book needs where it is online: how it is cited, cards, a page for what is not found, releases."""
