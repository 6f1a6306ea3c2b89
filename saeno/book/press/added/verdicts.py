"""A Sphinx extension: `{verdicts}` lists what the paper claims, as the ledger states it, by what was found."""

from __future__ import annotations

from collections.abc import Iterable

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from saeno.book.claims import VERDICTS, Claim, ledger


def listed(claims: Iterable[Claim]) -> str:
    """Markdown: for each verdict a paragraph, with a link to each claim whose source is an abstract of the paper."""
    paper = [claim for claim in claims if "abstract" in claim.source]
    parts = []
    for verdict in VERDICTS:
        said = [f"[{claim.statement.rstrip('.')}](#{claim.id})" for claim in paper if claim.verdict == verdict]
        if said:
            parts.append(f"**{verdict.capitalize()}** ({len(said)})\n\n" + "\n".join(f"- {one}" for one in said))
    return "\n\n".join(parts)


class Verdicts(SphinxDirective):
    """The directive `{verdicts}`, without content."""

    def run(self) -> list[nodes.Node]:
        found = nodes.container(classes=["saeno-verdicts"])
        self.state.nested_parse(StringList(listed(ledger().values()).splitlines(), "the ledger"), 0, found)
        return [found]


def setup(app):
    """Sphinx calls this."""
    app.add_directive("verdicts", Verdicts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
