"""The house is in order: arrows point one way, faces only hand on, no room is crowded, and chapters use what is public.

`BROKEN` breaks each rule of tests/house.py in a small package.
"""

import ast
import importlib

import nbformat
import pytest

from saeno.book.imports import PACKAGE, imported
from saeno.book.press import ROOT
from saeno.book.press.notebooks import code, find
from tests import house

RULES = [house.wrong_arrows, house.cycles, house.doors, house.faces, house.seeds, house.crowds]
CLEAN = ("",)  # where no private name is taken from another module: everywhere


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps(rule):
    assert rule(PACKAGE) == []


def test_nothing_takes_a_private_name_of_another_module():
    assert house.private_names(PACKAGE, CLEAN) == []


def test_the_tables_name_nothing_that_is_gone():
    rooms = {house.room(module).split()[0] for module in house.modules(PACKAGE)}
    assert sorted(house.FLOORS.split()) == sorted(rooms)
    assert sorted(house.DOORS) == house.loaders(PACKAGE)
    taken = {(house.room(module), house.room(other)) for module, all in house.arrows(PACKAGE).items() for other in all}
    assert set(house.BESIDE) <= taken


# A package that keeps all rules …
SOUND = {
    "__init__": '"""Words."""\nfrom house.training.fit import fit\n__all__ = ["fit"]\n__version__ = "1"',
    "checks": "def real(value): ...",
    "sparsity/__init__": '"""Words."""',
    "sparsity/base": "from importlib.metadata import version\nimport house.checks\nclass Base:\n    _kept = 1",
    "sparsity/soft": "from house.sparsity.base import Base\nclass Soft(Base):\n    def at(self):\n        self._kept",
    "training/__init__": "from house.training.fit import fit",
    "training/_own": "one = 1",
    "training/fit": "from house.checks import real\ndef fit():\n    return tuple()._asdict",
    "book/__init__": "import house\nROOT = 1",
    "book/part/__init__": "",
    "book/part/slug/__init__": "",
    "book/part/slug/main": "from house.book import ROOT",
    "book/press/__init__": "",
    "book/press/site": "from house.book.part.slug.main import ROOT",
}
# … and what breaks one: modules, a line that is added to them, and what is said.
BROKEN = [
    (
        "sparsity/soft",
        "from house.training import fit",
        "sparsity/soft imports training/fit, which is on no floor below",
    ),
    ("training/fit", "def late():\n    import house.book", "training/fit imports book/__init__, which is on no floor"),
    ("book/part/slug/main", "import house.book.press.site", "book/part/slug/main imports book/press/site, which"),
    ("book/part/other/main", "import house.book.part.slug.main", "book/part/other/main imports book/part/slug/main,"),
    ("attic", "", "attic: attic stands on no floor"),
    ("book/attic", "", "book/attic: book/attic stands on no floor"),
    ("sparsity/base", "from house.sparsity.soft import Soft", "sparsity/base is in a circle with sparsity/soft"),
    ("sparsity/base", "from importlib import import_module", "sparsity/base loads modules by name"),
    ("sparsity/base", "import importlib", "sparsity/base loads modules by name"),
    ("sparsity/base", "__import__('house.book')", "sparsity/base loads modules by name"),
    ("training/fit", "from house.checks import _one", "training/fit takes _one"),
    ("book/part/slug/main", "from house.training._own import one", "book/part/slug/main takes _own"),
    ("training/fit", "print(Soft()._kept)", "training/fit takes _kept"),
    ("sparsity/__init__", "def soft():\n    return 1", "sparsity/__init__.py does more than hand on: line 2"),
    ("sparsity/__init__", "soft = 1", "sparsity/__init__.py does more than hand on: line 2"),
    ("training/fit", "import torch\nr = torch.Generator().manual_seed(3)", "training/fit begins a generator: line 5"),
    ("lifting/base", "", "lifting has no __init__.py"),
    ("training/fit", "x = 1\n" * 20, "training has "),
    (" ".join(f"data/{letter}" for letter in "abcdefghijklm"), "", "data has 13 modules; 12 are the most"),
]

CHAPTERS = find(ROOT / "book")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_shows_public_names_only_and_such_as_there_are(path):
    """Fails when a chapter imports what begins with _, or what the face of a folder does not hand on."""
    source = code(nbformat.read(path, as_version=4))
    assert not house.asked(ast.parse(source)), "it asks an object for a private name"
    for origin, name in imported(source):
        if origin.split(".")[0] == "saeno":
            assert not any(map(house.is_private, (*origin.split("."), name))), (origin, name)
            module = importlib.import_module(origin)
            inside = PACKAGE.parent.joinpath(*origin.split("."), name)
            if not (inside.is_dir() or inside.with_suffix(".py").is_file()):
                assert name in getattr(module, "__all__", vars(module)), f"{origin} has no {name}"


@pytest.fixture
def built(tmp_path, monkeypatch):
    """The sound package, on floors that it fills and with rooms that are as large as they are."""
    monkeypatch.setattr(house, "LARGEST", 0.4)

    def write(module, line):
        path = tmp_path / "house" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a") as file:
            file.write(line + "\n")

    for module, source in SOUND.items():
        write(module, source)
    return tmp_path / "house", write


def faults(package):
    return [fault for rule in (*RULES, house.private_names) for fault in rule(package)]


def test_a_sound_package_is_sound(built):
    assert faults(built[0]) == []


@pytest.mark.parametrize(("module", "line", "said"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_out_of_order_is_found(built, module, line, said):
    package, write = built
    for one in module.split():
        write(one, line)
    assert any(fault.startswith(said) for fault in faults(package)), faults(package)
