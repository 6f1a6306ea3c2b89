"""What is checked in each exercise of the book: one file for each chapter, named by its slug."""
