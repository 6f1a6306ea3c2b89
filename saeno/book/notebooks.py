"""The notebooks: `python -m saeno.book.notebooks` executes them where they stand and stores their outputs.

Outputs are stored in one form, so that running a notebook again changes its file only where a result changed: no
times, no version numbers of the kernel, no split of a stream into pieces, and no widgets. These are dead without a
kernel, and a page would ask other hosts for the programs that show them; what they have in HTML and text is stored.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = min(4, os.cpu_count() or 1)  # side by side; each may take 2 GB
TIMEOUT = 600  # seconds for one cell, generous, since what a chapter may take is 60 s


class Run(NamedTuple):
    """One execution of a notebook.

    path: the notebook's file, which is left as it was.
    notebook: the executed notebook (a `nbformat.NotebookNode`), normalised; None when it failed.
    seconds: how long it took.
    error: the failing cell and its traceback; None when all went well.
    """

    path: Path
    notebook: object | None
    seconds: float
    error: str | None


def find(book: Path) -> list[Path]:
    """The notebooks of the folder `book`, sorted; not in folders that begin with a dot or an underscore."""
    return sorted(
        path
        for path in book.rglob("*.ipynb")
        if not any(name.startswith((".", "_")) for name in path.relative_to(book).parts)
    )


def normalise(notebook):
    """The same notebook in the form in which it is stored (see the module); it is changed in place and returned."""
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def execute(path: Path) -> Run:
    """Execute the notebook `path` in its own folder, with this Python as its kernel, from cleared outputs."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # else each kernel warns that it talks to us over TCP
    )
    start = time.monotonic()
    try:
        # A progress bar is for those who wait; its clock has no place among stored outputs.
        client.execute(env={"OMP_NUM_THREADS": "1"} | os.environ | {"TQDM_DISABLE": "1"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        return Run(path, None, time.monotonic() - start, str(failure))
    return Run(path, normalise(notebook), time.monotonic() - start, None)


def execute_all(paths: Iterable[Path]) -> Iterator[Run]:
    """Execute notebooks side by side, one thread of computation each, and yield each as it ends, announcing it."""
    with ThreadPoolExecutor(PROCESSES) as pool:
        for done in as_completed([pool.submit(execute, path) for path in paths]):
            run = done.result()
            print(f"  {'FAILED' if run.error else 'executed'} {run.path.name} ({run.seconds:.0f} s)", flush=True)
            yield run


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebooks named, or all of the book, and store their outputs; exit status 1 if any failed."""
    import nbformat

    parser = argparse.ArgumentParser(prog="python -m saeno.book.notebooks", description="Execute and store notebooks.")
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
        print(f"\n{run.path.name} failed and was left as it was:\n{run.error}", file=sys.stderr)
    print(f"{len(paths) - len(failures)} of {len(paths)} notebooks executed and stored.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
