"""The scripts that pages take from a CDN, as the npm packages they are: `python -m saeno.book.vendor` fetches them.

The offline edition carries them, and the tests give them to a browser that has no network. The CDN serves the files of
npm packages under `CDN/NAME@VERSION/`, and they are kept under the same names, so an address says which file it is. The
addresses on pages are set in _config.yml, with the versions that stand here.
"""

import base64
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from saeno.book.notebooks import ROOT

CDN = "https://cdn.jsdelivr.net/npm/"


class Package(NamedTuple):
    """An npm package. keep: beginnings of the paths of the files we use; sha512: of the package as it is published."""

    name: str
    version: str
    keep: tuple[str, ...]
    sha512: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


# Screen readers read its formulas as MathML. Its own speech needs a web server: browsers let no file ask for it.
MATHJAX = Package(
    "mathjax",
    "3.2.2",
    ("es5/tex-mml-chtml.js", "es5/output/chtml/fonts", "es5/input/tex/extensions"),
    "Bt+SSVU8eBG27zChVewOicYs7Xsdt40qm4+UpHyX7k0/O9NliPc+x77k1/FEsPsjKPZGJvtRZM1vO+geW0OhGw==",
)
AXE = Package(
    "axe-core",
    "4.14.1",
    ("axe.min.js",),
    "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
)
ON_PAGES = (MATHJAX,)  # stored outputs have no widgets, which would bring scripts of their own
FOR_TESTS = (AXE,)


def folder(root: Path = ROOT) -> Path:
    """Where the packages are kept: `folder / "NAME@VERSION" / ...`."""
    return root / "_build" / "npm"


def missing(root: Path = ROOT) -> list[Package]:
    """The packages that are not there yet."""
    return [package for package in ON_PAGES + FOR_TESTS if not (folder(root) / str(package)).is_dir()]


def fetch(root: Path = ROOT) -> Path:
    """Fetch the packages that are missing, with npm, and return their folder.

    Raises RuntimeError when npm is not installed or fails, or when a package is not the one whose hash stands above.
    """
    wanted = missing(root)
    if wanted:
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(f"npm is needed for {', '.join(map(str, wanted))} and is not installed (Debian: npm)")
        folder(root).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder(root)) as aside:
            command = [npm, "pack", "--ignore-scripts", "--pack-destination", aside, *map(str, wanted)]
            done = subprocess.run(command, cwd=aside, capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"npm ended with status {done.returncode}:\n{done.stderr}")
            for package in wanted:
                place = folder(root) / str(package)
                place.parent.mkdir(exist_ok=True)
                _extract(package, Path(aside)).rename(place)
    return folder(root)


def _extract(package: Package, aside: Path) -> Path:
    """The files that we keep of the package that npm put into `aside`, in a folder there."""
    name = f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}"
    archive = aside / f"{name}.tgz"
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.sha512:
        raise RuntimeError(f"{package} has the sha512 {found}, and should have {package.sha512}")
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            member.name = member.name.removeprefix("package/")
            if member.name.startswith((*package.keep, "LICENSE")):
                tar.extract(member, aside / name, filter="data")
    return aside / name


def main() -> int:
    """Fetch the packages and say where they are; exit status 1 when that failed."""
    try:
        print(f"npm packages: {fetch().relative_to(ROOT)}")
    except RuntimeError as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
