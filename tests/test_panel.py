"""A live panel is drawn anew when a kernel runs, and says what it is where none does."""

import base64
import io
import os
import subprocess
import sys

import ipywidgets
import matplotlib
import nbformat
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot as plt
from PIL import Image

from saeno.book.panel import panel
from saeno.book.press import ROOT
from saeno.book.press.notebooks import execute

matplotlib.use("Agg")
SENTENCE = "This panel recomputes when the page runs as a notebook."
VIEW = "application/vnd.jupyter.widget-view+json"


def bars(count, height):
    if height < 0:
        raise ValueError("height = <-1>: should be 0 or more")
    figure, axes = plt.subplots(figsize=(4, 2))
    axes.bar(range(count), [height] * count)
    return figure


def made(**changes):
    arguments = {
        "draw": bars,
        "choices": {"How many": range(1, 4), "Height & more": [1, 2, -1]},
        "alt": lambda count, height: f"{count} bars of <{height}>",
        "caption": "Bars <b>.",
    }
    return panel(**arguments | changes)


def shown(html):
    """The alternative text and the bytes of the one picture in a piece of HTML."""
    (picture,) = BeautifulSoup(html, "html.parser").select("figure.saeno-panel img")
    return picture["alt"], base64.b64decode(picture["src"].removeprefix("data:image/webp;base64,"))


def test_without_a_kernel_there_is_the_first_picture_and_a_word_on_what_it_is():
    """Fails when a page cannot tell a panel from a figure: leave the sentence out of `_repr_html_`."""
    page = BeautifulSoup(made(start=(2, 1))._repr_html_(), "html.parser")
    (figure,) = page.find_all("figure")
    assert [part.get_text() for part in figure.find_all("figcaption")] == [
        f"Bars <b>. {SENTENCE} There you choose: How many, Height & more."
    ]
    text, webp = shown(str(page))
    picture = Image.open(io.BytesIO(webp))
    assert text == "2 bars of <1>" and picture.format == "WEBP" and picture.width / picture.height == 2
    assert not page.find_all(["script", "b", "link", "iframe"]) and not figure.find_all(id=True)


def test_with_a_kernel_the_picture_is_drawn_anew_for_each_choice():
    """Fails when a control does nothing, or another's work: observe one control alone, or pass values reversed."""
    live = made()
    before = shown(live.picture.value)
    assert before[0] == "1 bars of <1>" and SENTENCE not in live.picture.value
    many, height = live.controls
    many.value = 3
    after = shown(live.picture.value)
    assert after[0] == "3 bars of <1>" and after[1] != before[1]
    height.value = 2
    assert shown(live.picture.value)[0] == "3 bars of <2>" and live.said.value == ""
    many.value, height.value = 1, 1
    assert shown(live.picture.value) == before
    assert plt.get_fignums() == []


def test_the_keys_of_a_notebook_are_kept_off_the_controls():
    """Fails when JupyterLab takes the arrow keys from a control: leave `_LIVE` out of `_page`."""
    live = made()
    assert "data-lm-suppress-shortcuts" in live.picture.value and "onload" not in live._repr_html_()


def test_what_goes_wrong_later_is_shown_and_can_be_undone():
    """Fails when a panel is silent about an error: do not catch it in `_renew`."""
    live = made()
    live.controls[1].value = -1
    assert "could not be drawn. ValueError: height = &lt;-1&gt;" in live.picture.value and live.said.value == ""
    live.controls[1].value = 2
    assert shown(live.picture.value)[0] == "1 bars of <2>"


def test_controls_are_native_selections_with_their_labels():
    """Fails when a control has no name that can be said: take a slider, of which ipywidgets tells no name."""
    live = made(start=(3, 2))
    assert all(isinstance(control, ipywidgets.Dropdown) for control in live.controls)
    assert [control.description for control in live.controls] == ["How many", "Height & more"]
    assert [control.value for control in live.controls] == [3, 2]
    assert [label for label, _ in live.controls[1].options] == ["1", "2", "-1"]


def test_a_kernel_gets_the_view_and_all_others_the_page():
    """Fails when one of the two is not offered: leave the view out of `_repr_mimebundle_`."""
    live = made()
    bundle = live._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", VIEW}
    assert bundle["text/plain"] == "Panel(How many, Height & more)" and bundle["text/html"] == live._repr_html_()
    assert bundle[VIEW]["model_id"] == live._box.model_id
    row, picture = live._box.children
    assert picture is live.picture and set(live.controls) < set(row.children)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choices": {}}, "choices: empty"),
        ({"choices": {" ": [1, 2]}}, "choices: the label ' '"),
        ({"choices": {"How many": [1]}}, "choices: 'How many' has 1 values"),
        ({"alt": " "}, "alt: ' '"),
        ({"start": (4, 1)}, r"start: \[4, 1\]; give a value on offer for each of How many, Height"),
        ({"start": (1,)}, r"start: \[1\]"),
        ({"start": (1, -1)}, "height = <-1>"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    """Fails when an argument is not looked at: leave out its `if` in `panel`."""
    with pytest.raises(ValueError, match=message):
        made(**changes)


SOURCE = """\
from matplotlib import pyplot as plt
from saeno.book.panel import panel

def bars(count):
    figure, axes = plt.subplots(figsize=(4, 2))
    axes.bar(range(count), 1)
    return figure

panel(bars, {"How many": [1, 2]}, "Some bars.")
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A notebook of one panel, executed and stored as those of the book are."""
    path = tmp_path_factory.mktemp("panel") / "panel.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SOURCE, id="panel")]), path)
    run = execute(path)
    assert run.error is None
    nbformat.write(run.notebook, path)
    return path


def test_a_stored_notebook_has_the_page_and_no_widgets(stored):
    """Fails when a page would ask other hosts for a widget's programs: store views in saeno.book.press.notebooks."""
    notebook = nbformat.read(stored, as_version=4)
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/plain", "text/html"} and SENTENCE in output.data["text/html"]
    assert "widgets" not in notebook.metadata


def test_a_stored_panel_passes_when_it_is_executed_again(stored):
    """Fails when an output differs from run to run: put an `id()` into `_PAGE`."""
    options = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", ROOT / "tests" / "nbval.cfg"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, *options, stored]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout


def test_with_the_ipywidgets_of_colab(tmp_path):
    """The same tests with ipywidgets 7.7. Fails when a panel needs what only 8 has: make its `_box` a `Stack`."""
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", str(tmp_path), "ipywidgets==7.7.1", "ipython_genutils"], check=True)
    script = (
        "import ipywidgets, pytest\nassert ipywidgets.__version__ == '7.7.1'\n"
        f"arguments = ['-q', '-p', 'no:cacheprovider', {__file__!r}, '-k', 'kernel or later or controls or wrong']\n"
        "raise SystemExit(pytest.main(arguments))"
    )
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout + done.stderr
