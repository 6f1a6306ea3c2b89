"""A Sphinx extension: where a page first uses a word of the glossary it links to it, and tells its meaning by a hint.

The hint is the title of the link, its first sentence without formulas: the browser shows it under the mouse, and the
style sheet of the book when the link has the focus of the keyboard. Words that mean other things as well are linked
where the page stresses them, as it does where it defines them.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from docutils import nodes

# As pages write it → as the glossary has it. Plurals and capitals need no entry.
ALSO = {
    "effective atoms": "effective dictionary",
    "equiangular": "equiangular tight frame",
    "fourier neural operator": "neural operator",
    "frozen dictionary": "frozen",
    "frozen encoder": "frozen",
    "fraction of variance unexplained": "FVU",
    "iterative hard thresholding": "IHT",
    "jointly sparse": "joint sparsity",
    "l-sae": "L-SAE-FNO",
    "orthogonal matching pursuit": "OMP",
    "soft threshold": "soft thresholding",
    "sparse autoencoder": "SAE",
    "sparse model recovery": "recovery",
    "sparse recovery": "recovery",
    "sparse group lasso": "group lasso",
    "split": "splitting",
    "start": "warm start",
}
# These mean other things as well: "we measure", "a stationary point", "principal component analysis".
EVERYDAY = {
    "analysis", "balanced", "ceiling", "code", "consistency", "dose", "floor", "gain", "locality", "measure", "norm",
    "null", "part", "prior", "projection", "rival", "separation", "signal", "skip", "sparse", "split", "splitting",
    "start", "stationary", "support", "tail",
}  # fmt: skip

_ENTRIES = re.compile(r"^```\{glossary\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CITED = re.compile(r"\s*\{cite:\w+\}`[^`]*`")
_TEX = {
    r"^\top": "ᵀ", r"\langle": "⟨", r"\rangle": "⟩", r"\|": "‖", r"\hat x": "x̂", r"\bar x": "x̄", r"\lambda": "λ",
    r"\mu": "μ", r"\sigma": "σ", r"\kappa": "κ", r"\Pi": "Π", r"\sum": "Σ", r"\frac12": "½", r"\min": "min",
    r"\mapsto": "↦", r"\pm": "±", r"^2": "²", r"^{-1}": "⁻¹", r"\,": " ",
}  # fmt: skip
_ROLE = re.compile(r"\{[\w:]+\}`([^`<]+?)(?:\s*<[^`]+>)?`")
_PAGES = re.compile(r"(?!glossary$|cheat-sheet$|claims(/|$)|api/|bibliography$|run-times$)")
# Where no link is put: in what is one already, is no prose, or is for the reader to solve.
_NOT_HERE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.caption,
)
_ASKED = {"exercise", "solution"}


def entries(text: str) -> dict[str, str]:
    """The words of a glossary, with their meanings as Markdown. Raises ValueError for a page without a glossary."""
    body = _ENTRIES.search(text)
    if body is None:
        raise ValueError("text: should have a block {glossary}")
    parts = [entry.partition("\n") for entry in body[1].rstrip("\n").split("\n\n")]
    return {word: " ".join(meaning.split()) for word, _, meaning in parts}


def hint(meaning: str) -> str:
    """The first sentence of a meaning, in plain text; empty when it needs a formula that is none of plain text."""
    plain = _ROLE.sub(r"\1", _CITED.sub("", meaning)).replace("*", "")
    first = re.split(r"(?<=[^A-Z]\.)\s", plain)[0]
    for tex, said in _TEX.items():
        first = first.replace(tex, said)
    return "" if re.search(r"[\\`{]", first) else first.replace("$", "")


def entry(said: str, words: frozenset[str]) -> str | None:
    """The entry of the glossary that a phrase is a form of, if any."""
    known = {word.lower(): word for word in words}
    low = " ".join(said.lower().split())
    for form in (low, low.removesuffix("s"), low.removesuffix("es")):
        if form in known or ALSO.get(form) in words:
            return known.get(form) or ALSO[form]
    return None


@cache
def pattern(words: frozenset[str]) -> re.Pattern:
    """What finds the words that mean one thing only, the longest first, in the singular and in the plural."""
    forms = sorted({*map(str.lower, words), *ALSO} - EVERYDAY, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, forms))})(?:e?s)?(?![\w-])", re.IGNORECASE)


def uses(page: nodes.document, words: frozenset[str]) -> list[tuple[nodes.Text, int, int, str]]:
    """Where each word is used first: a text, from where to where in it, and the entry."""
    found, seen = [], set()
    for text in page.findall(nodes.Text):
        above = _above(text)
        if any(isinstance(node, _NOT_HERE) or _ASKED & set(node.get("classes", [])) for node in above):
            continue
        stressed = isinstance(text.parent, nodes.strong | nodes.emphasis) and entry(text.astext(), words)
        places = [(0, len(text.astext()), stressed)] if stressed else [
            (match.start(), match.end(), entry(match[0], words)) for match in pattern(words).finditer(text.astext())
        ]  # fmt: skip
        for start, end, word in places:
            if word not in seen and any(isinstance(node, nodes.paragraph) for node in above):
                seen.add(word)
                found.append((text, start, end, word))
    return found


def _above(node: nodes.Node) -> list[nodes.Element]:
    above = []
    while node.parent is not None:
        node = node.parent
        above.append(node)
    return above


def link(app, page, name):
    """Links where words are first used, and hints at all links to the glossary; pages on paper have neither."""
    terms = {key: place for (kind, key), place in app.env.get_domain("std").objects.items() if kind == "term"}
    source = Path(app.srcdir) / "glossary.md"
    if app.builder.format != "html" or not terms or not source.exists():
        return
    meanings = entries(source.read_text())
    address = {word: f"{app.builder.get_relative_uri(name, terms[word][0])}#{terms[word][1]}" for word in meanings}
    word_at = {uri.partition("#")[2]: word for word, uri in address.items()}
    for reference in page.findall(nodes.reference):
        word = word_at.get(reference.get("refuri", "").partition("glossary.html#")[2])
        if word:
            reference["reftitle"] = hint(meanings[word])
            reference["classes"].append("saeno-term")
    if not _PAGES.match(name):
        return
    by_text: dict[nodes.Text, list] = {}
    for text, *use in uses(page, frozenset(meanings)):
        by_text.setdefault(text, []).append(use)
    for text, found in by_text.items():
        said, pieces, end = text.astext(), [], 0
        for start, stop, word in found:
            pieces.append(nodes.Text(said[end:start]))
            options = {"internal": True, "refuri": address[word], "classes": ["saeno-term"]}
            pieces.append(nodes.reference("", said[start:stop], reftitle=hint(meanings[word]), **options))
            end = stop
        text.parent.replace(text, [*pieces, nodes.Text(said[end:])])


def setup(app):
    """Sphinx calls this."""
    app.connect("doctree-resolved", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
