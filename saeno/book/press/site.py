"""The site: `python -m saeno.book.press.site` executes the notebooks and builds it; `--stored` takes stored outputs.

A reader gets a site whatever happens: a chapter that fails is shown with its stored outputs and says so at its top
(`saeno.book.press.failed`), and the command says which it was, with exit status 1.

Three traps of Jupyter Book 1.x are closed here. Its execution cache does not see an edit in saeno/, so each notebook is
stored there with a hash of what it imports, of the ledger, and of the pinned versions. Its second build after a failure
is green, so each build starts from an empty output. And a build that has nothing to do still takes long, so a digest of
all that goes in says when the site that stands is the right one; a site with a failed chapter never is.
"""

import argparse
import glob
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from saeno.book.imports import named, reached
from saeno.book.press import ROOT
from saeno.book.press.notebooks import Run, code, execute_all, find


class Site(NamedTuple):
    """A built site.

    page: its first page.
    failed: the chapters that did not run to their end, and are shown with their stored outputs.
    """

    page: Path
    failed: list[Run]


def digest(root: Path, *parts: str) -> str:
    """Hash of the files and folders `parts` of `root`: names and contents, without caches of any tool."""
    found = []
    for part in parts:
        top = root / part
        if not top.exists():
            raise FileNotFoundError(f"cannot hash {part!r}: there is no such file or folder in {root}")
        for path in sorted([top] if top.is_file() else top.rglob("*")):
            names = path.relative_to(root).parts
            if path.is_file() and not any(name == "__pycache__" or name.startswith(".") for name in names):
                found.append(path)
    return hashed(found, root)


def hashed(paths: Iterable[Path], root: Path) -> str:
    """Hash of the names below `root` and the contents of these files, in their order."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(root).as_posix()} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:16]


def sources(notebook: Path, root: Path) -> list[Path]:
    """What the outputs of a notebook depend on, besides its own cells: files of the project, sorted.

    That is the pinned versions, what it imports of the package, and what was measured in the folders it reaches. What
    loads experiments and exercises by name reaches all of them.
    """
    import nbformat

    package = root / "saeno"
    imports = named(code(nbformat.read(notebook, as_version=4)), package)
    used = set(reached(imports, machinery=True, package=package))
    if package / "book" / "chapters.py" in used:
        rooms = [path for path in (package / "book").glob("*/**/*.py") if path.relative_to(package).parts[1] != "press"]
        loaded = [path for path in rooms if path.stem not in ("__init__", "lab", "pictures")]
        used |= set(reached(loaded, machinery=True, package=package))
    measured = {path for folder in {path.parent for path in used} for path in folder.glob("*.json")}
    return sorted(used | measured | {root / "constraints.txt"})


def state(notebook: Path, root: Path) -> str:
    """Hash of the names and contents of its `sources`."""
    return hashed(sources(notebook, root), root)


def execute(root: Path) -> tuple[Path, list[Run]]:
    """Execute the notebooks that are not yet in the cache of the present package and versions.

    Returns that cache, and the runs that failed, which are not in it. They run side by side, and only then does Jupyter
    Book read them, which by itself would run one after the other.
    """
    import nbformat
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    folder = root / "_build" / "executed"
    cache = get_cache(folder)
    states = {path: state(path, root) for path in find(root / "book")}

    def known(path: Path) -> bool:
        try:
            record = cache.match_cache_notebook(nbformat.read(path, as_version=4))
        except KeyError:
            return False
        return record.data.get("state") == states[path]

    failed = []
    for run in execute_all([path for path in states if not known(path)]):
        if run.error is None:
            bundle = CacheBundleIn(
                run.notebook, str(run.path), data={"execution_seconds": run.seconds, "state": states[run.path]}
            )
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        else:
            failed.append(run)
    return folder, sorted(failed)


def configure(root: Path, cache: Path | None, failed: list[Run]) -> dict:
    """The settings of _config.yml, with where outputs come from: with no `cache` all are the stored ones."""
    import yaml

    config = yaml.safe_load((root / "_config.yml").read_text())
    if cache is None:
        config["execute"] |= {"execute_notebooks": "off"}
    else:
        stored = [glob.escape(run.path.as_posix()) for run in failed]
        config["execute"] |= {"cache": str(cache), "exclude_patterns": stored}
    names = [run.path.relative_to(root / "book").with_suffix("").as_posix() for run in failed]
    errors = [{"where": run.error.where, "source": run.error.source, "reason": run.error.reason} for run in failed]
    config["sphinx"]["config"]["failed_chapters"] = dict(zip(names, errors, strict=True))
    return config


def build(root: Path = ROOT, stored: bool = False) -> Site:
    """Build the site of the project at `root`.

    With `stored` no notebook is executed, and the site goes to another folder. Warnings are errors. Raises
    RuntimeError when the build fails.
    """
    import yaml

    output = root / "_build" / "stored" if stored else root
    site = output / "_build" / "html"
    stamp = output / "_build" / "digest.txt"
    state = digest(root, "book", "saeno", "_config.yml", "constraints.txt")
    if not stored and stamp.exists() and stamp.read_text() == state and (site / "index.html").exists():
        print("Nothing changed since the last build.")
        return Site(site / "index.html", [])

    for old in (site, output / "_build" / ".doctrees"):
        shutil.rmtree(old, ignore_errors=True)
    stamp.unlink(missing_ok=True)

    cache, failed = (None, []) if stored else execute(root)
    settings = output / "_build" / "config.yml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(yaml.safe_dump(configure(root, cache, failed)))

    # -P: what is imported is the installed package, and not a folder of that name where we stand.
    jupyter_book = [sys.executable, "-P", "-c", "from jupyter_book.cli.main import main; main()"]
    arguments = ["build", "book", "--config", str(settings), "--path-output", str(output), "-W", "--keep-going", "-q"]
    status = subprocess.run([*jupyter_book, *arguments], cwd=root).returncode
    if status != 0 or not (site / "index.html").exists():
        made = f"; the pages that it could make are in {site}" if any(site.glob("*.html")) else ""
        raise RuntimeError(f"Jupyter Book ended with status {status}: warnings, which are errors, stand above{made}")
    if not failed:
        stamp.write_text(state)
    return Site(site / "index.html", failed)


def main(arguments: list[str] | None = None) -> int:
    """The command line: prints where the site is and how long it took; exit status 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m saeno.book.press.site", description="Build the book.")
    parser.add_argument("--stored", action="store_true", help="execute nothing: use the stored outputs")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    try:
        page, failed = build(stored=options.stored)
    except (RuntimeError, ValueError) as failure:
        print(f"The book was not built. {failure}", file=sys.stderr)
        return 1
    for run in failed:
        print(f"\n{run.path.relative_to(ROOT)}\n{run.error.details}", file=sys.stderr)
    print(f"The book: {page.relative_to(ROOT)} ({time.monotonic() - start:.0f} s)", flush=True)
    if failed:
        print("These chapters failed, and are shown with their stored outputs:", file=sys.stderr)
    for run in failed:
        print(f"  {run.path.relative_to(ROOT)}, {run.error}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
