"""`python -m saeno.book.press.published.release TAG`: whether a tag may release what stands here; if not, status 1."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import saeno
from saeno.book.press import ROOT


def faults(tag: str, version: str = saeno.__version__, root: Path = ROOT) -> list[str]:
    """What speaks against releasing `version` under the name `tag`, in words; none when all is well.

    The tag is the version with a v before it, and the changelog has a part for it that is not called unreleased.
    """
    found = []
    if tag != f"v{version}":
        found.append(f"tag = {tag!r}: should be 'v{version}', for the version of saeno/__init__.py is {version}")
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(rf"^## {re.escape(version)}\b.*$", changes, re.MULTILINE)
    if heading is None or "unreleased" in heading[0]:
        said = "nothing" if heading is None else repr(heading[0])
        found.append(f"CHANGELOG.md has {said} for {version}: should be '## {version} (YEAR-MONTH-DAY)'")
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command line: prints what speaks against a release."""
    (tag,) = sys.argv[1:] if arguments is None else arguments
    found = faults(tag)
    print("\n".join(found) or f"{tag} is the version that stands here.", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
