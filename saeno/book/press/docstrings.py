"""A Sphinx extension: the docstrings of this package are Markdown with formulas, and autodoc reads reStructuredText.

Our docstrings need little of either, so little is translated: formulas, code, emphasis, lists, indented code, and the
fields of a tuple, which become attributes. Code that is the name of something public becomes a link to it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import is_dataclass
from functools import cache

from sphinx.pycode import ModuleAnalyzer

MODULES = ("losses", "inference", "metrics", "data", "data.families", "data.signals", "data.pde", "operators", "plots")
WIDE = 80  # letters of TeX

_FORMULA = re.compile(r"^([ \t]*)\$\$(.+?)\$\$[ \t]*", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(?P<code>[^`]+)`|\$(?P<math>[^$]+)\$|(?P<emphasis>\*{1,2}(?=\S)[^*\n]+(?<=\S)\*{1,2}(?!\w))")
_SPECIAL = re.compile(r"[\\|*_`]")
_BREAKS = re.compile(r"[^\s\-:/'\"<(\[{≤≥]$")  # before markup, these do not end a word for reStructuredText
_SOURCE = re.compile(r"\b(doi:10\.[^\s;,)]*[^\s;,).]|arXiv[: ]\d{4}\.\d{5})")
_FIRST = r"(?:- |\d+\. )"


@cache
def public() -> dict[str, object]:
    """Every name that users meet, as they write it: "saeno.TopK", "saeno.metrics.fvu"."""
    import saeno

    found = {f"saeno.{name}": getattr(saeno, name) for name in saeno.__all__}
    for name in MODULES:
        module = importlib.import_module(f"saeno.{name}")
        own = [short for short, thing in vars(module).items() if getattr(thing, "__module__", None) == module.__name__]
        for short in (*own, *getattr(module, "__all__", ())):
            thing = getattr(module, short)
            if not short.startswith("_") and all(thing is not other for other in found.values()):
                found[f"{module.__name__}.{short}"] = thing
    return {name: thing for name, thing in found.items() if inspect.isclass(thing) or inspect.isfunction(thing)}


@cache
def _links() -> dict[str, str]:
    """What is written → full name. Names of pictures are everyday words, so they are not known by their last part."""
    plain = [name for name in public() if not name.startswith(("saeno.plots", "saeno.data.l"))]
    return {name.rpartition(".")[2]: name for name in plain} | {name: name for name in public()}


def to_rst(text: str, fields: tuple[str, ...] = (), own: str = "") -> str:
    """Markdown of a docstring as reStructuredText.

    fields: of the tuple that it describes; a paragraph `field: what it is` becomes an attribute.
    own: the name of what it describes, which is not linked to itself.
    """
    blocks = []
    for part in re.split(r"\n[ \t]*\n", _FORMULA.sub(r"\n\n\g<0>\n\n", text)):
        block = part.strip("\n")
        if not block.strip():
            continue
        if formula := _FORMULA.fullmatch(block):
            blocks.append(f"{formula[1]}.. math::\n\n{formula[1]}   {_stacked(formula[2])}")
        elif all(line.startswith("    ") for line in block.splitlines()):
            blocks.append("::\n\n" + block)
        elif fields and re.match(rf"({'|'.join(fields)}): ", block):
            pieces = re.split(rf"(?:^|(?<=\.)\s|\n)({'|'.join(fields)}): ", block)[1:]
            entries = zip(pieces[::2], pieces[1::2], strict=True)
            blocks.append("Attributes:\n" + "\n".join(f"    {k}: {_inline(v, own)}" for k, v in entries))
        else:
            block = _inline(block, own)
            blocks.append(re.sub(rf"(?m)^(?!{_FIRST})(\S.*)\n(?={_FIRST})", r"\1\n\n", block))
    return "\n\n".join(blocks)


def _stacked(formula: str) -> str:
    """A formula on one line; what `\\qquad` separates goes below each other where it would be too wide for a page."""
    formula = " ".join(formula.split())
    parts = formula.split(r"\qquad")
    if len(formula) < WIDE or len(parts) == 1:
        return formula
    body = r" \\[4pt] ".join(part.strip() for part in parts)
    return rf"\begin{{gathered}} {body} \end{{gathered}}"


def _inline(text: str, own: str) -> str:
    result, end = "", 0
    for found in _INLINE.finditer(text):
        result += _plain(text[end : found.start()])
        if _BREAKS.search(result):
            result += "\\ "
        result += _marked(found, own)
        end = found.end()
        if end < len(text) and (text[end].isalnum() or text[end] in "(·½∘=²"):
            result += "\\ "
    return result + _plain(text[end:])


def _plain(text: str) -> str:
    """Text in which nothing is markup but the sources, which are links."""
    pieces = _SOURCE.split(text)
    for i, piece in enumerate(pieces):
        kind, _, number = re.sub(r"arXiv ", "arXiv:", piece).partition(":")
        host = {"doi": "https://doi.org", "arXiv": "https://arxiv.org/abs"}.get(kind) if i % 2 else None
        pieces[i] = f"`{piece} <{host}/{number}>`__" if host else _SPECIAL.sub(r"\\\g<0>", piece)
    return "".join(pieces)


def _marked(found: re.Match, own: str) -> str:
    if found["math"]:
        return f":math:`{found['math']}`"
    if found["emphasis"]:
        return found["emphasis"]
    code = " ".join(found["code"].split())
    target = _links().get(code.partition("(")[0])
    if target is None or target.rpartition(".")[2] == own:
        return f"``{code}``"
    return f":py:obj:`{code} <{target}>`"


def _process(app, what, name, thing, options, lines):
    fields = getattr(thing, "_fields", ()) if inspect.isclass(thing) else ()
    if inspect.isclass(thing) and is_dataclass(thing):
        fields = tuple(thing.__dataclass_fields__)
    lines[:] = to_rst("\n".join(lines), fields, name.rpartition(".")[2]).splitlines()
    if what in ("attribute", "property"):
        lines[:0] = ["..", ""]  # an empty comment: else napoleon takes what stands before a colon for the type


def _sign(app, what, name, thing, options, signature, result):
    """No signature for a class that takes what torch takes: `*args` and `**kwargs` say nothing."""
    return ("", None) if signature and signature.startswith("(*args: ") else None


def _skip(app, what, name, thing, skip, options):
    """Leave out what torch says of every module, and fields without words of their own."""
    foreign = callable(thing) and not getattr(thing, "__module__", "saeno").startswith("saeno")
    field = str(getattr(thing, "__doc__", "")).startswith("Alias for field number")
    return True if foreign or name == "forward" or (field and not _has_words(app, name)) else None


def _has_words(app, field: str) -> bool:
    """Whether a line of its own under the field says what it is."""
    here = app.env.temp_data
    owner = getattr(importlib.import_module(here["autodoc:module"]), here["autodoc:class"])
    analyzer = ModuleAnalyzer.for_module(owner.__module__)
    return (owner.__qualname__, field) in analyzer.find_attr_docs()


def setup(app):
    """Sphinx calls this."""
    app.setup_extension("sphinx.ext.autodoc")
    # Before napoleon, which then finds the sections (Args, Attributes) in reStructuredText.
    app.connect("autodoc-process-docstring", _process, priority=400)
    app.connect("autodoc-process-signature", _sign)
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
