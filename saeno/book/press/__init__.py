"""What builds the book and writes its pages. It works in the repository only, and is not in the wheel."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
