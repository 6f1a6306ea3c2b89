"""A Sphinx extension: `{run-times}` is a table of how long each chapter ran in the build that made the page.

A chapter that did not run to its end has a row that says so. A build from stored outputs runs nothing, and says that.
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


def table(rows: list[tuple[str, str, float | None]]) -> nodes.Node:
    """A table of (title, address, seconds, or None for a chapter that failed), or a sentence when there are none."""
    if not rows:
        return nodes.paragraph(text=NOTHING)

    def row(*cells: nodes.Node) -> nodes.row:
        return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])

    body = [
        row(
            nodes.reference("", title, internal=True, refuri=address),
            nodes.Text("failed" if seconds is None else f"{seconds:.0f} s"),
        )
        for title, address, seconds in rows
    ]
    total = sum(round(seconds) for *_, seconds in rows if seconds is not None)
    failed = any(seconds is None for *_, seconds in rows)
    body.append(row(nodes.Text("all others" if failed else "all chapters"), nodes.Text(f"{total} s")))
    columns = [nodes.colspec(colwidth=width) for width in (4, 1)]
    head = nodes.thead("", row(nodes.Text("chapter"), nodes.Text("run time")))
    return nodes.table("", nodes.tgroup("", *columns, head, nodes.tbody("", *body), cols=2), classes=["colwidths-auto"])


def _fill(app, doctree, page):
    placeholders = list(doctree.findall(RunTimesNode))
    if placeholders:
        ran = {name: data.get("exec_data") for name, data in NbMetadataCollector.get_doc_data(app.env).items()}
        seconds = {name: data["runtime"] for name, data in ran.items() if data}
        seconds |= dict.fromkeys(app.config.failed_chapters)
        rows = [
            (app.env.titles[name].astext(), app.builder.get_relative_uri(page, name), seconds[name])
            for name in sorted(seconds)
        ]
        for placeholder in placeholders:
            placeholder.replace_self(table(rows))


def _again(app, env):
    """The pages with the table, which have to be written again when anything has run again."""
    return ["run-times"] if NbMetadataCollector.new_exec_data(env) and "run-times" in env.found_docs else []


def setup(app):
    """Sphinx calls this."""
    app.setup_extension("saeno.book.press.failed")  # for its setting
    app.add_node(RunTimesNode)
    app.add_directive("run-times", RunTimes)
    app.connect("doctree-resolved", _fill)
    app.connect("env-updated", _again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
