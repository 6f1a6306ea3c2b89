"""The order of the house: each rule is a function from the folder of a package to the faults it finds, in words."""

import ast
from collections import Counter
from pathlib import Path

from saeno.book.imports import imported, named

# From the ground up. A room is a module or a folder; it may import from the floors below it, and from itself.
FLOORS = """
checks part units
files grids kernels seeds
lifting sparsity
dictionaries
inference metrics
composition data
pretrained
autoencoder
export losses
training
operators
advice recipe
__init__ __main__ plots
book/chapters book/explorer book/imports book/panel book/peers book/runner
book/checking book/numbers book/record
book/claims
book/replication
book/__init__ book/__main__ book/shared
laboratory
book/press
"""
# Who imports by name what no `import` shows, and why.
DOORS = {
    "book/chapters": "loads experiments and exercises, whose names stand in claims and chapters",
    "book/press/docstrings": "gets the names of modules from Sphinx, and changes no result",
    "recipe/sources": "records a layer of a network that a configuration names, which is never one of ours",
    "data/signals": "asks for packages that may be absent, and never for a module of ours",
}
# Laboratories that stand on another one, and why.
BESIDE = {
    ("laboratory book/interpretability/platonic", "laboratory book/interpretability/inside_an_fno"): "its operators",
    ("laboratory book/interpretability/steering", "laboratory book/interpretability/inside_an_fno"): "its models",
}
LARGEST, MOST = 0.20, 12  # of one folder: share of the lines of the package, and modules beside `__init__`


def modules(package: Path) -> dict[str, Path]:
    """The files of a package by their names, such as "sparsity/soft"."""
    return {path.relative_to(package).with_suffix("").as_posix(): path for path in sorted(package.rglob("*.py"))}


def arrows(package: Path) -> dict[str, set[str]]:
    """What each module imports of its package, anywhere in it."""
    names = {path: module for module, path in modules(package).items()}
    return {module: {names[other] for other in named(path.read_text(), package)} for path, module in names.items()}


def room(module: str) -> str:
    """The room of a module: of the library a folder; of the book a module, a folder, or "laboratory FOLDER"."""
    first, *inner = module.split("/")
    if first != "book":
        return first
    if len(inner) == 1 or inner[0] in ("peers", "press"):
        return f"book/{inner[0]}"
    return f"laboratory {module.rpartition('/')[0]}"


def wrong_arrows(package: Path) -> list[str]:
    """Imports that do not go down, and modules that stand on no floor."""
    floors = {name: number for number, line in enumerate(FLOORS.splitlines()) for name in line.split()}
    found = []
    for module, others in arrows(package).items():
        own = floors.get(room(module).split()[0])
        if own is None:
            found.append(f"{module}: {room(module)} stands on no floor (FLOORS in tests/house.py)")
        for other in sorted(others) if own is not None else ():
            if (room(module), room(other)) in BESIDE:
                continue
            if room(other) != room(module) and floors.get(room(other).split()[0], own) >= own:
                found.append(f"{module} imports {other}, which is on no floor below it")
    return found


def cycles(package: Path) -> list[str]:
    """Modules that import each other in a circle: what is left without those that import, or serve, no other."""
    left = {module: others - {module} for module, others in arrows(package).items()}
    while True:
        used = set().union(*left.values())
        inside = {module for module, others in left.items() if others and module in used}
        if inside == set(left):
            return [f"{module} is in a circle with {', '.join(sorted(left[module]))}" for module in sorted(left)]
        left = {module: left[module] & inside for module in inside}


def loaders(package: Path) -> list[str]:
    """Modules that load others by name."""
    found = []
    for module, path in modules(package).items():
        source = path.read_text()
        asked = {("importlib", ""), ("importlib", "import_module"), ("runpy", "")} & set(imported(source))
        if asked or "__import__" in {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}:
            found.append(module)
    return found


def doors(package: Path) -> list[str]:
    """Modules that load others by name, but those of `DOORS`."""
    return [f"{module} loads modules by name" for module in loaders(package) if module not in DOORS]


def private_names(package: Path, places: tuple[str, ...] = ("",)) -> list[str]:
    """Where a module of these places imports a private name, or asks something of another module for one."""
    files = modules(package)
    own = {module: _own(ast.parse(path.read_text())) for module, path in files.items()}
    known = set().union(*own.values())
    found = []
    for module, path in files.items():
        if module.startswith(places):
            taken = {part for origin, name in imported(path.read_text()) for part in (*origin.split("."), name)}
            taken = set(filter(is_private, taken)) | asked(ast.parse(path.read_text())) & known - own[module]
            found += [f"{module} takes {name}" for name in sorted(taken)]
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _own(tree: ast.Module) -> set[str]:
    """The private names that a module makes: functions, classes, variables, attributes of its own objects."""
    made = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    stored = [node for node in ast.walk(tree) if isinstance(getattr(node, "ctx", None), ast.Store)]
    made += [node.id for node in stored if isinstance(node, ast.Name)]
    made += [node.attr for node in stored if isinstance(node, ast.Attribute) and _of_the_family(node)]
    return set(filter(is_private, made))


def asked(tree: ast.Module) -> set[str]:
    """The private names that a module asks of objects which are not its own."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and not _of_the_family(node)]
    return {node.attr for node in nodes if is_private(node.attr)}


def _of_the_family(node: ast.Attribute) -> bool:
    """A class may use what its parents keep to themselves."""
    return ast.unparse(node.value) in ("self", "cls", "super()")


def faces(package: Path) -> list[str]:
    """Folders without an `__init__.py`, and what stands in one besides words, imports and constants."""
    folders = {path.parent for path in package.rglob("*.py")}
    found = [f"{folder.name} has no __init__.py" for folder in folders if not (folder / "__init__.py").exists()]
    for path in package.rglob("__init__.py"):
        for node in ast.parse(path.read_text()).body:
            names = [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else [""]
            constant = all(name.isupper() or name in ("__all__", "__version__") for name in names)
            said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not (constant or said or isinstance(node, ast.Import | ast.ImportFrom)):
                found.append(f"{path.relative_to(package).as_posix()} does more than hand on: line {node.lineno}")
    return found


def seeds(package: Path) -> list[str]:
    """Modules that begin a generator themselves, but `seeds`, which is the one place where that is done."""
    return [
        f"{module} begins a generator: line {node.lineno}"
        for module, path in modules(package).items()
        if module != "seeds"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.Generator().manual_seed"
    ]


def crowds(package: Path) -> list[str]:
    """Folders with too many modules, or with too large a share of the lines, without what is in their folders."""
    files = modules(package).values()
    count = Counter(path.parent for path in files if path.stem != "__init__")
    lines = Counter(path.parent for path in files for _ in path.read_text().splitlines())
    full = [folder for folder in count if count[folder] > MOST]
    long = [folder for folder in lines if lines[folder] > LARGEST * lines.total()]
    return [f"{folder.name} has {count[folder]} modules; {MOST} are the most" for folder in full] + [
        f"{folder.name} has {lines[folder] / lines.total():.0%} of all lines; {LARGEST:.0%} are the most"
        for folder in long
    ]
