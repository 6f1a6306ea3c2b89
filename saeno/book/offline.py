"""The offline edition: a built site, zipped with the scripts that it takes from elsewhere, so that it asks for nothing.

It is made from the site and not built a second time: in each page the addresses of the CDN become paths to the same
files (saeno/book/vendor.py). Links that a reader may follow stay what they are.
"""

import os
import re
import zipfile
from pathlib import Path

from saeno.book.vendor import CDN, ON_PAGES

NAME = "saeno-book-offline"
CARRIED = "_static/npm"  # where the edition has the packages

_SCRIPT = re.compile(rf"<script\b[^>]*?\ssrc=[\"']?{re.escape(CDN)}([^\s\"'>]+)[^>]*>")
# A browser checks these for scripts of other hosts, and refuses a file that has them.
_CHECKS = re.compile(r"\s(?:integrity|crossorigin)=(?:\"[^\"]*\"|'[^']*')")


def localised(page: str, packages: Path, up: str = "") -> tuple[str, set[str]]:
    """The page with its scripts taken from `CARRIED` instead of the CDN, and the scripts it takes.

    up: "../" for each folder that the page is in. Raises ValueError when a script is none of the files in `packages`.
    """
    taken = set()

    def script(match: re.Match) -> str:
        taken.add(match[1])
        if not (packages / match[1]).is_file():
            raise ValueError(f"{CDN}{match[1]} is no file of {', '.join(map(str, ON_PAGES))} (saeno/book/vendor.py)")
        return _CHECKS.sub("", match[0]).replace(CDN, f"{up}{CARRIED}/")

    return _SCRIPT.sub(script, page), taken


def edition(site: Path, packages: Path) -> Path:
    """Zip the site in the folder `site`, with the npm packages it takes scripts from, next to that folder.

    Returns the archive. Raises ValueError when a page takes a script that is none of the files in `packages`.
    """
    archive = site.with_name(f"{NAME}.zip")
    unfinished = archive.with_suffix(f".{os.getpid()}")
    scripts = set()
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as book:
            for path in _files(site):
                name = path.relative_to(site)
                if path.suffix == ".html":
                    page, taken = localised(path.read_text("utf-8"), packages, "../" * (len(name.parts) - 1))
                    scripts |= taken
                    book.writestr(f"{NAME}/{name.as_posix()}", page)
                else:
                    book.write(path, f"{NAME}/{name.as_posix()}")
            for package in ON_PAGES:
                if any(script.startswith(f"{package}/") for script in scripts):
                    for path in _files(packages / str(package)):
                        book.write(path, f"{NAME}/{CARRIED}/{path.relative_to(packages).as_posix()}")
        unfinished.replace(archive)
    finally:
        unfinished.unlink(missing_ok=True)
    return archive


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
