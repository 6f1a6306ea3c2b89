"""One HTML file of a template, a style, a script and what is to be shown."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# The script is one text, in this order; each file says what it is for.
SCRIPTS = ("read.js", "draw.js", "controls.js", "atlas.js", "inputs.js", "steering.js", "map.js", "start.js")


def page(made: dict[str, Any]) -> str:
    """The page of `made`. It asks for nothing: the browser is told to refuse every address."""
    # "<" is written in another way, so that no label can close the script that it stands in.
    data = json.dumps(made, separators=(",", ":"), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    parts = {
        "@TITLE@": html.escape(made["title"]),
        "@STYLE@": _text("style.css"),
        "@SCRIPT@": "\n".join(map(_text, SCRIPTS)),
        "@DATA@": data,
    }
    before, *rest = _text("page.html").split("@")
    found = [before]  # from left to right, so that what is put in is not looked through again
    for name, after in zip(rest[::2], rest[1::2], strict=True):
        found += [parts[f"@{name}@"], after]
    return "".join(found)


def _text(name: str) -> str:
    return (HERE / name).read_text("utf-8").strip()
