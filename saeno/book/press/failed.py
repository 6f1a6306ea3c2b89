"""A Sphinx extension: a chapter that did not run to its end in this build says so at its top.

Its outputs are then the stored ones. Which chapters these are is in the setting `failed_chapters`, from
`saeno.book.press.site`: {"part/chapter": {"where": "code cell 3", "source": "1 / 0", "reason": "…"}}.
"""

from __future__ import annotations

from docutils import nodes


def banner(where: str, source: str, reason: str) -> nodes.admonition:
    """What stands at the top of the chapter."""
    said = nodes.paragraph("", f"When these pages were built, every chapter was run. This one stopped in {where}, ")
    if source:
        said += [nodes.literal(text=source), nodes.Text(", ")]
    said += [nodes.Text("with "), nodes.literal(text=reason)]
    said += nodes.Text(". The outputs below are therefore those that are stored with the book, of an earlier run.")
    title = nodes.title("", "This chapter did not run to its end")
    return nodes.admonition("", title, said, classes=["danger", "saeno-failed"])


def _show(app, doctree):
    failure = app.config.failed_chapters.get(app.env.docname)
    if failure is not None:
        (section, *_) = doctree.findall(nodes.section)
        section.insert(section.first_child_matching_class(nodes.title) + 1, banner(**failure))


def setup(app):
    """Sphinx calls this."""
    app.add_config_value("failed_chapters", {}, "env")
    app.connect("doctree-read", _show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
