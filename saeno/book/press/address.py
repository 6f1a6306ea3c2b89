"""The repository's address: `python -m saeno.book.press.address` checks its places, or, given one, sets it.

It stands in pyproject.toml, under [project.urls] Repository. Every other place is derived from it: no list of places is
kept, so that a new one cannot be forgotten. What counts is every web address in a file of the project that names the
project, or the repository, as a part of its path or of its host.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

from saeno.book.press import ROOT

PROJECT = "saeno"
FORM = re.compile(r"https://github\.com/[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
WEB = re.compile(r"""https?://[^\s"'<>()\[\]{}\\`|]+""")


class Disagreement(NamedTuple):
    """A place with another address. path: the file; line: its number, from 1; found: the address that stands there."""

    path: Path
    line: int
    found: str


def address(root: Path = ROOT) -> str:
    """The address of the repository, `https://github.com/OWNER/NAME`. Raises ValueError when it has another form."""
    with open(root / "pyproject.toml", "rb") as file:
        return checked(tomllib.load(file)["project"]["urls"]["Repository"])


def checked(given: str) -> str:
    """The address `given`, if it has the right form. Raises ValueError when it has not."""
    if not FORM.fullmatch(given) or given.endswith(".git"):
        raise ValueError(
            f"address = {given!r}: should be https://github.com/OWNER/NAME (Colab opens notebooks from GitHub alone)"
        )
    return given


def forms(given: str) -> list[str]:
    """The beginnings that a web address of the project may have: the repository, its Colab, its Pages, its Binder."""
    owner, name = given.split("/")[-2:]
    return [
        given,
        f"https://colab.research.google.com/github/{owner}/{name}",
        f"https://{owner.lower()}.github.io/{name}",
        f"https://mybinder.org/v2/gh/{owner}/{name}",
    ]


def files(root: Path) -> list[Path]:
    """The text files of the project: those that git tracks or would track."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout.split("\0")
    paths = [root / name for name in names if name]
    return sorted(path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192])


def disagreements(root: Path = ROOT) -> list[Disagreement]:
    """Every place of the project whose address is not derived from `address(root)`; none when all is well."""
    right = address(root)
    names = {PROJECT, right.split("/")[-1]}
    allowed = re.compile("(" + "|".join(map(re.escape, forms(right))) + r")(\.git)?(?![\w.-]*\w)")
    found = []
    for path in files(root):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for web in WEB.findall(line):
                parts = {part.split("@")[0].removesuffix(".git") for part in web.split("/")[3:]}
                if parts & names and not allowed.match(web):
                    found.append(Disagreement(path.relative_to(root), number, web))
    return found


def set_address(given: str, root: Path = ROOT) -> list[Path]:
    """Write the address `given` in every place of the project, and return the files that changed."""
    old, new = address(root), checked(given)
    changed = []
    for path in files(root):
        text = path.read_text(encoding="utf-8")
        replaced = text
        for before, after in zip(forms(old), forms(new), strict=True):
            replaced = re.sub(re.escape(before) + r"(?![\w-])", after, replaced)
        if replaced != text:
            path.write_text(replaced, encoding="utf-8")
            changed.append(path.relative_to(root))
    return changed


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """With an address, set it everywhere; then say whether all places agree (exit status 1 if not)."""
    parser = argparse.ArgumentParser(prog="python -m saeno.book.press.address", description="The repository's address.")
    parser.add_argument("address", nargs="?", help="https://github.com/OWNER/NAME")
    options = parser.parse_args(arguments)
    if options.address:
        for path in set_address(options.address, root):
            print(f"changed {path}")
    wrong = disagreements(root)
    for place in wrong:
        print(f"{place.path}:{place.line}: {place.found} should begin with {address(root)}", file=sys.stderr)
    if not wrong:
        print(f"Every place agrees: {address(root)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
