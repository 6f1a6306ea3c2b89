"""The explorer's output as text; what it does in a browser is in site/test_explorer.py."""

import base64
import io
import json
import re
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from saeno.book.explorer import explorer
from saeno.plots.frames import MOST_BYTES, SHOWN_PER_INCH

matplotlib.use("Agg")


class Page(HTMLParser):
    """The elements of a piece of HTML, as (tag, attributes), and the text of each kind of element."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if self.open:
            self.text[self.open[-1]] = self.text.get(self.open[-1], "") + data

    def one(self, tag):
        (found,) = [attributes for name, attributes in self.elements if name == tag]
        return found


def bar(i, size=(4, 2)):
    figure, axes = plt.subplots(figsize=size)
    axes.bar([0, 1], [i + 1, 4])
    return figure


def made(**changes):
    arguments = {"frames": bar, "values": [0, 10, 20], "label": "Step", "alt": lambda i: f"bar {i}"} | changes
    return explorer(**arguments)


def frames(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_page_is_one_labelled_native_slider_with_its_start_frame():
    html = made(start=1, caption="Bars.")._repr_html_()
    page = Page(html)
    slider, picture = page.one("input"), page.one("img")
    assert (slider["type"], slider["min"], slider["max"], slider["value"]) == ("range", "0", "2", "1")
    assert slider["aria-valuetext"] == "10" == page.text["output"]
    assert page.text["label"].strip() == "Step" and page.text["figcaption"] == "Bars."
    assert [picture["src"], picture["alt"]] == frames(html)[1][:2]
    assert [(text, value) for _, text, value in frames(html)] == [("bar 0", "0"), ("bar 1", "10"), ("bar 2", "20")]


def test_nothing_is_fetched_and_there_are_no_names_to_clash():
    page = Page(made()._repr_html_())
    for _, attributes in page.elements:
        assert "id" not in attributes and "for" not in attributes
        assert attributes.get("src", "data:").startswith("data:") and "href" not in attributes
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [{"type": "application/json"}]


def test_frames_are_webp_of_one_size_and_the_place_for_them_is_kept():
    html = made()._repr_html_()
    for source, _, _ in frames(html):
        assert source.startswith("data:image/webp;base64,")
        picture = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))
        assert picture.format == "WEBP" and picture.width / picture.height == 2
        assert picture.width > 4 * SHOWN_PER_INCH  # finer than it is shown
    shown = Page(html).one("img")
    assert (int(shown["width"]), int(shown["height"])) == (4 * SHOWN_PER_INCH, 2 * SHOWN_PER_INCH)


def test_the_same_explorer_gives_the_same_bytes_and_a_short_name():
    assert made()._repr_html_() == made()._repr_html_()
    assert repr(made()) == "Explorer('Step': 0 to 20 in 3 frames)"


def test_figures_are_taken_as_a_list_too_and_closed():
    plt.close("all")
    listed = made(frames=[bar(i) for i in range(3)], alt=["bar 0", "bar 1", "bar 2"])
    assert listed == made()
    assert plt.get_fignums() == []


def test_a_drawing_is_kept_exactly_when_it_fits():
    figure = bar(0)
    figure.set_dpi(160)
    figure.canvas.draw()
    expected = np.asarray(figure.canvas.buffer_rgba())[..., :3]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(made().pictures[0]))), expected)


def noise(detail):
    def frame(i):
        figure = plt.figure(figsize=(4, 2))
        figure.figimage(np.random.default_rng(i).random((detail, 2 * detail, 3)), resize=False)
        return figure

    return frame


def test_large_frames_are_made_small_all_in_the_same_way():
    pictures = made(frames=lambda i: (noise(160) if i == 2 else bar)(i)).pictures
    assert all(len(picture) <= MOST_BYTES for picture in pictures)
    assert pictures[0] != made().pictures[0]  # the easy frames too, so that none flickers
    assert len(pictures[2]) > MOST_BYTES / 2  # and no smaller than need be


def test_texts_cannot_break_out_of_the_page():
    evil = '</script><b onclick="x">"&'
    html = made(label=evil, alt=lambda i: evil, caption=evil, values=[evil, 1, 2])._repr_html_()
    page = Page(html)
    assert not [tag for tag, _ in page.elements if tag == "b"]
    assert page.one("img")["alt"] == evil == frames(html)[0][1] == page.text["output"] == page.text["figcaption"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"values": [1]}, "values: 1 of them; an explorer has 2 to 24"),
        ({"values": range(25)}, "values: 25 of them"),
        ({"frames": []}, "frames: 0 figures for 3 values"),
        ({"alt": ["a"]}, "alt: 1 texts for 3 values"),
        ({"alt": "abc"}, "alt: 'abc' is a single text"),
        ({"alt": ["a", " ", "b"]}, "alt: frame 1 has the text ' '"),
        ({"label": ""}, "label: ''"),
        ({"start": 3}, "start: 3; the frames are numbered 0 to 2"),
        ({"frames": lambda i: bar(i, size=(4, 2 + i))}, "frames: frame 1 has .* pixels"),
        ({"frames": noise(400)}, "frames: frame 0 takes .* kB even with"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        made(**changes)
    plt.close("all")
