"""The files that say what is installed agree with each other and with what is installed."""

import re
import tomllib

import yaml

import saeno
from saeno.book.press import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]


def canonical(requirement: str) -> str:
    """The name of the package that a requirement asks for, in its normal form."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", requirement).group()).lower()


def extras(text: str) -> set[str]:
    """The extras of the installation of this project, as in -e '.[book,test]'."""
    return set(re.search(r"-e '?\.\[([\w,]+)\]", text).group(1).split(","))


def test_environment_yml_is_what_make_installs():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = (entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    makefile = (ROOT / "Makefile").read_text()
    assert environment["name"] == PROJECT["name"]
    (python,) = [entry.removeprefix("python=") for entry in conda if entry.startswith("python=")]
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"], "one that is tested; Binder needs ="
    assert {"pip", "make"} <= set(conda)
    assert len(pip) == 2 and "-c constraints.txt" in pip and "-c constraints.txt" in makefile
    assert extras(" ".join(pip)) == extras(makefile) == set(PROJECT["optional-dependencies"]) - {"kernels", "hub"}


def test_the_core_is_small_and_torch_has_no_upper_bound():
    core = {canonical(requirement): requirement for requirement in PROJECT["dependencies"]}
    assert set(core) == {"torch", "numpy", "matplotlib", "ipywidgets", "scipy", "safetensors", "tqdm"}
    assert core["torch"] == "torch>=2.4", "an upper bound would make Colab replace its torch"


def test_constraints_pin_every_requirement_exactly():
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in PINS), "each line is name==version, no local version"
    optional = PROJECT["optional-dependencies"]
    required = {canonical(name) for name in PROJECT["dependencies"] + optional["book"] + optional["test"]}
    assert required - {canonical(pin) for pin in PINS} == set()


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == saeno.__version__
    release = re.match(r"\d+\.\d+\.\d+", saeno.__version__).group()
    assert f"## {release}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_citation_has_what_the_format_requires():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["license"] == [PROJECT["license"], "CC-BY-4.0"]
    assert all(name in (ROOT / "LICENSE").read_text() for name in ["MIT License", "CC-BY-4.0"])
