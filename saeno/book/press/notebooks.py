"""The notebooks: `python -m saeno.book.press.notebooks` executes them where they stand and stores their outputs.

Outputs are stored in one form, so that running a notebook again changes its file only where a result changed: no
times, no version numbers of the kernel, no split of a stream into pieces, and no widgets. These are dead without a
kernel, and a page would ask other hosts for the programs that show them; what they have in HTML and text is stored.
Cells that only import are marked, so that a page folds them.
"""

import argparse
import ast
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from saeno.book.press import ROOT

MOST = 4  # side by side: each may take 2 GB
FOLDED = "hide-input"  # on a page, where one click shows the cell; Jupyter and Colab show it as ever
TIMEOUT = 600  # seconds for one cell, generous, since what a chapter may take is 60 s


def processes(cores: int, environment: Mapping[str, str]) -> int:
    """How many notebooks are executed side by side: none waits for a core that the threads of another keep.

    Raises ValueError when the environment's OMP_NUM_THREADS is not a number of threads.
    """
    given = environment.get("OMP_NUM_THREADS", "1")
    threads = given.split(",")[0].strip()  # the first of several is for the outermost loop
    if not (threads.isdecimal() and int(threads)):
        raise ValueError(f"OMP_NUM_THREADS must be a positive whole number of threads, got {given!r}")
    return max(1, min(MOST, cores // int(threads)))


class Failure(NamedTuple):
    """Why a notebook did not run to its end.

    where: "code cell 3", counted from 1, or "the start of its kernel".
    source: the first line of that cell; empty when there is none.
    reason: what happened, in a line.
    details: the whole of it, with the traceback.
    """

    where: str
    source: str
    reason: str
    details: str

    def __str__(self) -> str:
        return f"{self.where}{f' ({self.source})' if self.source else ''}: {self.reason}"


class Run(NamedTuple):
    """One execution of a notebook.

    path: the notebook's file, which is left as it was.
    notebook: the executed notebook (a `nbformat.NotebookNode`), normalised; None when it failed.
    seconds: how long it took.
    error: what failed; None when all went well.
    """

    path: Path
    notebook: object | None
    seconds: float
    error: Failure | None


def find(book: Path) -> list[Path]:
    """The notebooks of the folder `book`, sorted; not in folders that begin with a dot or an underscore."""
    return sorted(
        path
        for path in book.rglob("*.ipynb")
        if not any(name.startswith((".", "_")) for name in path.relative_to(book).parts)
    )


def code(notebook) -> str:
    """The code cells of a notebook (a `nbformat.NotebookNode`) as Python."""
    return "".join(python(cell.source) for cell in notebook.cells if cell.cell_type == "code")


def python(source: str) -> str:
    """A cell as Python: a command such as %pip becomes a call."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def imports_only(source: str) -> bool:
    """Whether a cell does nothing but import, or try to: what a chapter needs, and no reader came for."""
    try:
        lines = ast.parse(python(source)).body
    except SyntaxError:  # it is for a reader to complete
        return False
    lines = [line for part in lines for line in (part.body if isinstance(part, ast.Try) else [part])]
    return bool(lines) and all(isinstance(line, ast.Import | ast.ImportFrom) for line in lines)


def normalise(notebook):
    """The same notebook in the form in which it is stored (see the module); it is changed in place and returned."""
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code" and FOLDED not in tags and imports_only(cell.source):
            cell.metadata.tags = [*tags, FOLDED]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def execute(path: Path) -> Run:
    """Execute the notebook `path` in its own folder, with this Python as its kernel, from cleared outputs.

    What ends it early (an error, a cell that takes too long, a kernel that dies or does not start) is in `Run.error`.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    begun = [-1]  # numbers of cells
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # else each kernel warns that it talks to us over TCP
        on_cell_execute=lambda cell, cell_index: begun.append(cell_index),
    )
    start = time.monotonic()
    try:
        # A progress bar is for those who wait; its clock has no place among stored outputs.
        client.execute(env={"OMP_NUM_THREADS": "1"} | os.environ | {"TQDM_DISABLE": "1"})
    except Exception as error:  # of the notebook or of its kernel: the notebook did not run, and the caller is told why
        upto = notebook.cells[: begun[-1] + 1]
        number = sum(cell.cell_type == "code" for cell in upto)
        where = f"code cell {number}" if upto else "the start of its kernel"
        source = upto[-1].source.strip().partition("\n")[0] if upto else ""
        failure = Failure(where, source, _reason(error), str(error))
        return Run(path, None, time.monotonic() - start, failure)
    return Run(path, normalise(notebook), time.monotonic() - start, None)


def _reason(error: Exception) -> str:
    """What ended a notebook, in a line."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    if isinstance(error, CellTimeoutError):
        return f"it ran for more than {TIMEOUT} s"
    if isinstance(error, DeadKernelError):
        return "its kernel died"
    kind, said = type(error).__name__, str(error)
    if isinstance(error, CellExecutionError):
        kind, said = error.ename, error.evalue
    return f"{kind}: {said.strip().partition(chr(10))[0]}"


def execute_all(paths: Iterable[Path]) -> Iterator[Run]:
    """Execute notebooks side by side, one thread of computation each, and yield each as it ends, announcing it."""
    with ThreadPoolExecutor(processes(os.cpu_count() or 1, os.environ)) as pool:
        for done in as_completed([pool.submit(execute, path) for path in paths]):
            run = done.result()
            print(f"  {'FAILED' if run.error else 'executed'} {run.path.name} ({run.seconds:.0f} s)", flush=True)
            yield run


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebooks named, or all of the book, and store their outputs; exit status 1 if any failed."""
    import nbformat

    parser = argparse.ArgumentParser(
        prog="python -m saeno.book.press.notebooks", description="Execute and store notebooks."
    )
    parser.add_argument("paths", nargs="*", type=Path, help="notebooks (default: all of the book)")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.paths] or find(ROOT / "book")
    failures = []
    for run in execute_all(paths):
        if run.error is None:
            nbformat.write(run.notebook, run.path)
        else:
            failures.append(run)
    for run in failures:
        print(f"\n{run.error.details}\n{run.path.name} was left as it was: it failed in {run.error}", file=sys.stderr)
    print(f"{len(paths) - len(failures)} of {len(paths)} notebooks executed and stored.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
