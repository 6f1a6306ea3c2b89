"""The repository's address stands in pyproject.toml, and every other place agrees with it."""

import subprocess
from pathlib import Path

import pytest

from saeno.book.press import address

HOST = "https://" + "github.com"  # never whole in this file, where the real project would find it
BINDER = "https://mybinder.org" + "/v2/gh"
COLAB = "https://colab.research.google.com" + "/github"


def project(folder: Path, url: str, **files: str) -> Path:
    """A small git repository with that address in pyproject.toml."""
    (folder / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{url}"\n')
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def test_every_place_of_this_project_agrees():
    assert address.disagreements() == []


def test_every_place_that_should_give_the_address_does():
    for name in ["README.md", "_config.yml", "CITATION.cff"]:
        assert address.address() in (address.ROOT / name).read_text(), f"{name} does not give the address"


@pytest.mark.parametrize(
    "text",
    [
        f"{HOST}/other/saeno",
        f"{HOST}/other/saeno.git",
        f"git+{HOST}/other/saeno@main",
        f"{COLAB}/other/saeno/blob/main/book/a.ipynb",
        "https://other." + "github.io/saeno/intro.html",
        f"{HOST}/me/saeno-old/saeno",
        "https://" + "example.org/saeno",
    ],
)
def test_a_wrong_address_is_found(tmp_path, text):
    root = project(tmp_path, f"{HOST}/me/saeno", notes=f"first line\nsee {text} there\n")
    assert {(place.path.name, place.line) for place in address.disagreements(root)} == {("notes", 2)}
    assert address.main([], root) == 1


@pytest.mark.parametrize("url", [f"{HOST}/me/saeno", f"{HOST}/saeno/saeno", f"{HOST}/me/a.b-saeno"])
def test_right_addresses_are_left_in_peace(tmp_path, url):
    owner, name = url.split("/")[-2:]
    text = f'"git+{url}@main\\n", {url}.git, [a]({url}/issues), {url}. {COLAB}/{owner}/{name}/blob/main/a.ipynb\n'
    root = project(tmp_path, url, notes=text, others=f"{HOST}/someone/else and import saeno\n")
    assert address.disagreements(root) == []


def test_one_command_changes_every_place(tmp_path):
    places = f"{HOST}/me/saeno.git {COLAB}/me/saeno/blob/main/x.ipynb {BINDER}/me/saeno/main "
    places += "https://me." + "github.io/saeno git+{0}@main\n"
    root = project(tmp_path, f"{HOST}/me/saeno", notes=places.format(f"{HOST}/me/saeno"), other="no address\n")
    assert address.main([f"{HOST}/You-2/new.name"], root) == 0
    assert address.address(root) == f"{HOST}/You-2/new.name"
    expected = places.replace("/me/saeno", "/You-2/new.name").replace("me.github.io/saeno", "you-2.github.io/new.name")
    assert (root / "notes").read_text() == expected.format(f"{HOST}/You-2/new.name")
    assert (root / "other").read_text() == "no address\n"


WRONG = ["saeno", f"{HOST}/saeno", f"{HOST}/a/saeno/", f"{HOST}/a/saeno.git", "https://x.org/a/b"]


@pytest.mark.parametrize("wrong", WRONG)
def test_an_address_of_another_form_is_refused(tmp_path, wrong):
    root = project(tmp_path, f"{HOST}/me/saeno")
    with pytest.raises(ValueError, match="OWNER/NAME"):
        address.set_address(wrong, root)
    assert address.address(root) == f"{HOST}/me/saeno"
