"""A Sphinx extension: `{run-times}` is a table of how long each chapter ran in the build that made the page.

A build from stored outputs runs nothing, and says so instead.
"""

from __future__ import annotations

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util.docutils import SphinxDirective

NOTHING = "This copy of the book was built from stored outputs: no chapter was run for it."


class RunTimesNode(nodes.General, nodes.Element):
    """Stands for the table until all chapters have run."""


class RunTimes(SphinxDirective):
    """The directive `{run-times}`, without content."""

    def run(self) -> list[nodes.Node]:
        return [RunTimesNode()]


def table(rows: list[tuple[str, str, float]]) -> nodes.Node:
    """A table of (title, address, seconds), or a sentence when there are none."""
    if not rows:
        return nodes.paragraph(text=NOTHING)

    def row(*cells: nodes.Node) -> nodes.row:
        return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])

    body = [
        row(nodes.reference("", title, internal=True, refuri=address), nodes.Text(f"{seconds:.0f} s"))
        for title, address, seconds in rows
    ]
    body.append(row(nodes.Text("all chapters"), nodes.Text(f"{sum(round(seconds) for *_, seconds in rows)} s")))
    columns = [nodes.colspec(colwidth=width) for width in (4, 1)]
    head = nodes.thead("", row(nodes.Text("chapter"), nodes.Text("run time")))
    return nodes.table("", nodes.tgroup("", *columns, head, nodes.tbody("", *body), cols=2), classes=["colwidths-auto"])


def _fill(app, doctree, page):
    placeholders = list(doctree.findall(RunTimesNode))
    if placeholders:
        chapters = NbMetadataCollector.get_doc_data(app.env)
        rows = [
            (app.env.titles[name].astext(), app.builder.get_relative_uri(page, name), data["exec_data"]["runtime"])
            for name, data in sorted(chapters.items())
            if data.get("exec_data")
        ]
        for placeholder in placeholders:
            placeholder.replace_self(table(rows))


def _again(app, env):
    """The pages with the table, which have to be written again when anything has run again."""
    return ["run-times"] if NbMetadataCollector.new_exec_data(env) and "run-times" in env.found_docs else []


def setup(app):
    """Sphinx calls this."""
    app.add_node(RunTimesNode)
    app.add_directive("run-times", RunTimes)
    app.connect("doctree-resolved", _fill)
    app.connect("env-updated", _again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
