"""What only the book needs: its build, its checks, its interactive figures."""
