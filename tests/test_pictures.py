"""The picture of the README is drawn by code, from a model trained on the spot."""

from PIL import Image

from saeno.book.press import ROOT
from saeno.book.press.pictures import PATH, main


def test_picture_is_drawn(tmp_path):
    path = tmp_path / "images" / "lines.png"
    main(path, steps=20)
    with Image.open(path) as image:
        assert image.width > 900 and len(image.convert("L").getcolors()) > 50


def test_it_is_drawn_where_the_readme_looks_for_it():
    assert f"({PATH.relative_to(ROOT)})" in (ROOT / "README.md").read_text() and PATH.is_file()
