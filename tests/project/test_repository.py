"""What every file of the repository keeps to."""

import ast
import re

import pytest
import yaml

from saeno.book.press import ROOT, address

FILES = address.files(ROOT)
MODULES = [path for path in FILES if path.suffix == ".py" and path.is_relative_to(ROOT / "saeno")]
# Folders of one machine, and hosts of package registries: the project must work on any machine, with any registry.
LOCAL = re.compile(r"(?<![\w.~])/(?:tmp|work|root|home|opt|Users|private|var/folders)/|\b[A-Z]:\\\\?Users\b")
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|anaconda)\.(?:org|com)\b|download\.pytorch\.org|extra-index-url")


def relative(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("pattern", [LOCAL, REGISTRY], ids=["folder of one machine", "host of a registry"])
def test_no_file_names_a(pattern):
    found = []
    for path in FILES:
        if path.name != "test_repository.py":
            lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
            found += [f"{relative(path)}:{number}" for number, line in lines if pattern.search(line)]
    assert found == []


def without_encoding(tree):
    """The lines that read or write text in whatever encoding the system has, which on Windows is not UTF-8."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            said = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            named = "encoding" in {keyword.arg for keyword in node.keywords} or "utf-8" in said
            plain = name == "open" and not any(isinstance(mode, str) and "b" in mode for mode in said)
            ours = ast.unparse(node.func) == "files.write_text"
            if (plain or name in ("read_text", "write_text")) and not named and not ours:
                yield node.lineno


@pytest.mark.parametrize("path", [path for path in MODULES if "press" not in path.parts], ids=relative)
def test_what_is_installed_reads_and_writes_utf8(path):
    assert [*without_encoding(ast.parse(path.read_text()))] == []


def test_an_encoding_that_is_left_out_is_found():
    lines = ["path.read_text()", "open(path)", "open(path, 'w')", "open(path, 'rb')", "open(path, encoding='utf-8')"]
    lines += ["path.write_text(text)", "path.read_text('utf-8')", "path.write_text(text, encoding='utf-8')"]
    assert [*without_encoding(ast.parse("\n".join(lines)))] == [1, 2, 3, 6]


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_every_module_and_public_name_is_documented(path):
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    missing = [node.name for node in public if not ast.get_docstring(node)]
    assert ast.get_docstring(tree), f"{relative(path)} has no docstring"
    assert missing == []


def test_every_page_is_in_the_table_of_contents_and_exists():
    def listed(entry):
        found = {entry["file"]} if "file" in entry else set()
        for part in entry.get("parts", []) + entry.get("chapters", []) + entry.get("sections", []):
            found |= listed(part)
        return found

    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text())
    pages = {
        path.relative_to(ROOT / "book").with_suffix("").as_posix()
        for path in FILES
        if path.is_relative_to(ROOT / "book") and path.suffix in {".md", ".ipynb"}
    }
    pages = {page for page in pages if not page.startswith("quizzes/")}  # each is put into its chapter
    assert pages == listed(contents) | {contents["root"]}


def test_the_script_of_continuous_integration_can_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
