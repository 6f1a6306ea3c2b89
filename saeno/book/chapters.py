"""Where the laboratories of the chapters are, and the one door through which their modules are loaded by name.

The laboratory of `book/PART/SLUG.ipynb` is the folder `saeno/book/PART/SLUG/`, with _ for -. Every module there is an
experiment but these: `lab` has what several of them use, `pictures` what the chapter draws, `exercises` the checks of
its exercises. An experiment is called `SLUG_FILE`, or `SLUG` when its file is `main`; what it measured lies beside it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

BOOK = Path(__file__).resolve().parent
NO_EXPERIMENTS = ("__init__", "lab", "pictures", "exercises")


@cache
def chapters() -> dict[str, Path]:
    """The folder of each laboratory by the slug of its chapter, in the order of the alphabet."""
    rooms = {
        path.name.replace("_", "-"): path
        for pattern in ("*/__init__.py", "*/*/__init__.py")
        for path in (found.parent for found in BOOK.glob(pattern))
        if any(part.stem == "exercises" or part.stem not in NO_EXPERIMENTS for part in path.glob("*.py"))
        and path.relative_to(BOOK).parts[0] not in ("press", "peers")
    }
    return dict(sorted(rooms.items()))


@cache
def experiments() -> dict[str, Path]:
    """The file of each experiment by its name, from a to z. Raises ValueError when two have one name."""
    found = {}
    for folder in chapters().values():
        for path in folder.glob("*.py"):
            if path.stem not in NO_EXPERIMENTS:
                name = folder.name if path.stem == "main" else f"{folder.name}_{path.stem}"
                if name in found:
                    raise ValueError(f"the experiment {name!r} is {found[name]} and {path}: should be one file")
                found[name] = path
    return dict(sorted(found.items()))


def load_experiment(name: str) -> ModuleType:
    """The module of an experiment. Raises ValueError when there is none of that name."""
    if name not in experiments():
        raise ValueError(f"name = {name!r}: should be one of {', '.join(experiments())}")
    return _load(experiments()[name])


def load_exercises(slug: str) -> ModuleType:
    """The module that checks the exercises of a chapter."""
    return _load(chapters()[slug] / "exercises.py")


def with_exercises() -> list[str]:
    """The slugs of the chapters whose exercises are checked."""
    return [slug for slug, folder in chapters().items() if (folder / "exercises.py").exists()]


def _load(path: Path) -> ModuleType:
    return importlib.import_module(".".join(["saeno.book", *path.relative_to(BOOK).with_suffix("").parts]))
