"""The picture of the README is drawn by code, from a model trained on the spot."""

from PIL import Image

from saeno.book.press.pictures import main


def test_picture_is_drawn(tmp_path):
    path = tmp_path / "images" / "lines.png"
    main(path, steps=20)
    with Image.open(path) as image:
        assert image.width > 900 and len(image.convert("L").getcolors()) > 50
