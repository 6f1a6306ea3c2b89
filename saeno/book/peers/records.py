"""The records of other libraries lie in this folder, a file for each."""

from __future__ import annotations

import json
from pathlib import Path


def recorded(name: str) -> dict:
    """The record of the comparison with a library, by its name: its version, the date, and what was found.

    Raises ValueError, with the names there are, when there is none. How it was measured is said in
    `tests/benchmarks/`, in the file that wrote it.
    """
    folder = Path(__file__).parent
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("*.json")))
        raise ValueError(f"name = {name!r}: should be one of {known}")
    return json.loads(path.read_text(encoding="utf-8"))
