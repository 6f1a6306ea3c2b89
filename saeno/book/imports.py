"""What a file of the package imports, directly or through others: what its results depend on, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def reached(sources: Iterable[Path], machinery: bool = False, package: Path = PACKAGE) -> list[Path]:
    """These files, and all of the package that they import, directly or through others, sorted.

    Where a folder is imported for a name, the file counts that has the name: `__init__.py` only hands names on. The
    files of `saeno/book` itself carry results and change none: they count with `machinery` alone. What laboratories
    share there is none of it. Raises ImportError for an import of the package that leads nowhere.
    """
    used: set[Path] = set()
    left = list(sources)
    while left:
        path = left.pop()
        if path in used or (path.parent == package / "book" and path.stem != "shared" and not machinery):
            continue
        used.add(path)
        left += named(path.read_text(encoding="utf-8"), package)
    return sorted(used)


def named(source: str, package: Path = PACKAGE) -> list[Path]:
    """The files of the package that Python source imports itself."""
    found = (_defines(module, name, package) for module, name in imported(source))
    return [path for path in found if path is not None]


@cache  # every notebook and every experiment reaches the same files
def imported(source: str) -> tuple[tuple[str, str], ...]:
    """What Python source imports, anywhere in it: pairs of a module and a name, which is empty for the whole of it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(name.name, "") for name in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, name.name) for name in node.names]
    return tuple(found)


def _defines(module: str, name: str, package: Path) -> Path | None:
    """The file of the package that such an import is about; None for other packages."""
    if module.split(".")[0] != package.name:
        return None
    place = package.parent.joinpath(*module.split("."))
    for path in (place / name, place) if name else (place,):
        if (file := path.with_suffix(".py")).is_file():
            return file
        if (face := path / "__init__.py").is_file():
            for origin, there in imported(face.read_text(encoding="utf-8")) if name and path == place else ():
                if there == name:
                    return _defines(origin, there, package)
            return face
    raise ImportError(f"{module}{name and '.' + name}: there is no such module in {package}")
