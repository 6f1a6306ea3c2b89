"""A Sphinx extension: what other sites show of a page when somebody shares its address.

Each page says in its head its title, its first paragraph and the address of a picture, as Open Graph has it. These are
words: a page that is read asks nobody for the picture, which is drawn into the built site.
"""

from __future__ import annotations

import html
import math
import textwrap
from pathlib import Path

from docutils import nodes

CARD = "_static/card.png"
SIZE = (1200, 630)  # pixels, what such pictures have
SAYS = "Every theorem is checked by the page that states it,\nand every measured number comes from code you can run."
EVENTS = {0.18: 0.55, 0.53: 0.85, 0.83: 0.4}  # of the picture: where, and how strong
MOST = 200  # letters of a first paragraph


def tags(title: str, book: str, words: str, page: str, base: str) -> str:
    """The tags of a page in HTML. words: its first paragraph; page: its file; base: where the book is published."""
    said = {
        "og:title": title,
        "og:type": "article",
        "og:site_name": book,
        "og:description": words,
        "og:url": base + page,
        "og:image": base + CARD,
        "og:image:width": str(SIZE[0]),
        "og:image:height": str(SIZE[1]),
        "og:image:alt": f"{book}: a function and its three events",
    }
    named = {"description": words, "twitter:card": "summary_large_image"}
    lines = [f'<meta property="{name}" content="{html.escape(text)}" />' for name, text in said.items()]
    lines += [f'<meta name="{name}" content="{html.escape(text)}" />' for name, text in named.items()]
    return "\n    " + "\n    ".join(lines)


def first_words(doctree: nodes.document, otherwise: str) -> str:
    """The first paragraph of a page that stands in its text and has no formula, shortened."""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section) and paragraph.next_node(nodes.math) is None:
            return textwrap.shorten(paragraph.astext(), MOST, placeholder=" …")
    return otherwise


def draw(path: Path, title: str) -> None:
    """The picture: a function, the three events that it is made of, and the title of the book."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(-0.1, 2.1))
    axes.axis("off")
    places = [i / 500 for i in range(501)]
    bumps = [[h * math.exp(-((u - at) ** 2) / 0.003) for at, h in EVENTS.items()] for u in places]
    axes.vlines(list(EVENTS), 0, [0.7 * h for h in EVENTS.values()], color="#0072b2", linewidth=6)
    axes.plot(list(EVENTS), [0.7 * h for h in EVENTS.values()], "o", color="#0072b2", markersize=20)
    axes.plot(places, [sum(each) for each in bumps], color="#e69f00", linewidth=9)
    axes.text(0.05, 1.95, "\n".join(textwrap.wrap(title, 24)), fontsize=44, weight="bold", va="top", color="#222222")
    axes.text(0.05, 1.22, SAYS, fontsize=21, va="top", color="#444444")
    figure.savefig(path)


def _tell(app, page, template, context, doctree):
    if doctree is not None and app.config.html_baseurl:
        title, book = app.env.titles[page].astext(), app.config.html_title
        words = first_words(doctree, otherwise=book)
        context["metatags"] += tags(title, book, words, f"{page}.html", app.config.html_baseurl)


def _draw(app, exception):
    if exception is None and app.builder.format == "html" and app.config.html_baseurl:
        draw(Path(app.outdir) / CARD, app.config.html_title)


def setup(app):
    """Sphinx calls this."""
    app.connect("html-page-context", _tell)
    app.connect("build-finished", _draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
