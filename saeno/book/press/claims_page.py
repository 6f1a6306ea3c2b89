"""`python -m saeno.book.press.claims_page`: write the pages of claims, and the ledger's numbers in all other pages.

`claims.md` is the overview (`saeno.book.press.claims_list`), and `claims/SLUG.md` has the claims of one chapter, as a
section of the overview in `_toc.yml`. A page whose chapter has no claims any more is removed. Nothing is measured.
"""

from __future__ import annotations

import math
import re
from itertools import groupby
from pathlib import Path

from saeno.book import record
from saeno.book.claims import Claim, ledger
from saeno.book.press import ROOT
from saeno.book.press.claims_list import overview, source, table
from saeno.book.press.notebooks import find
from saeno.book.press.prose import fill, pages

PAGE = """\
# Claims: *{title}*

What stands in the chapter {{doc}}`/{chapter}`, with the numbers behind it. {{doc}}`/claims` has the claims of all
chapters, says what the words and the columns mean, and how to measure again.
"""

ABOUT = """
({id})=
## {statement}

**{verdict}.** {found}

*Source*: {source}. *Setting*: {setting}

{numbers}

{differences}{seeds}. Claim `{id}` of the experiment `{experiment}`, measured on {date} with {versions}.
"""

NUMBERS = ("number", "mean ± sd", "smallest to largest", "the claim needs", "a seed again")
DIFFERENCES = ("difference", "mean", "95 % interval", "the claim needs")


def claims_pages(book: Path) -> dict[str, str]:
    """The pages of claims of the folder `book`, and its table of contents, by their names: what is stored, written out.

    Raises ValueError for a claim whose chapter is not in the table of contents, and when two chapters have one slug.
    """
    contents = (book / "_toc.yml").read_text()
    order = re.findall(r"^(?:root:|\s*- file:) *([\w/-]+)", contents, re.MULTILINE)
    for claim in ledger().values():
        if claim.chapter not in order:
            raise ValueError(f"chapter = {claim.chapter!r} of claim {claim.id!r}: should be a page of _toc.yml")
    claims = sorted(ledger().values(), key=lambda claim: order.index(claim.chapter))  # stable
    titles = {chapter: title(book, chapter) for chapter in dict.fromkeys(claim.chapter for claim in claims)}
    texts = {"claims.md": overview(claims, titles)}
    for chapter, group in groupby(claims, key=lambda claim: claim.chapter):
        name = f"claims/{chapter.rpartition('/')[2]}.md"
        if name in texts:
            raise ValueError(f"chapter = {chapter!r}: should have another slug than the other chapters")
        texts[name] = PAGE.format(title=titles[chapter], chapter=chapter) + "".join(map(about, group))
    return texts | {"_toc.yml": listed(contents, list(texts)[1:])}


def listed(contents: str, names: list[str]) -> str:
    """The table of contents with these pages as the sections of the page `claims`. Raises ValueError without that."""
    place = re.search(r"^( *)- file: claims\n(?:\1  sections:\n(?:\1    .*\n)*)?", contents, re.MULTILINE)
    if place is None:
        raise ValueError("_toc.yml: should have the line '- file: claims'")
    sections = "".join(f"{place[1]}    - file: {name.removesuffix('.md')}\n" for name in names)
    own = f"{place[1]}- file: claims\n{place[1]}  sections:\n{sections}"
    return contents[: place.start()] + own + contents[place.end() :]


def about(claim: Claim) -> str:
    """The part of a page about one claim."""
    measured = record.load(claim.experiment)
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    differences = [_difference(claim, name) for name in claim.differences]
    return ABOUT.format(
        id=claim.id,
        statement=claim.statement.rstrip("."),
        verdict=claim.verdict.capitalize(),
        found=claim.found(),
        source=source(claim),
        setting=claim.setting,
        numbers=table("numbers", NUMBERS, [_number(claim, name) for name in claim.numbers]),
        differences="\n\n".join([table("numbers", DIFFERENCES, differences), ""]) if differences else "",
        seeds=claim.text(next(iter(claim.numbers)), "seeds").capitalize(),
        date=measured["date"],
        versions=versions,
        experiment=claim.experiment,
    )


def _number(claim: Claim, name: str) -> tuple[str, ...]:
    number, again = claim.numbers[name], claim.tolerance(name)
    extremes = f"{claim.text(name, 'minimum')} to {claim.text(name, 'maximum')}"
    again = "as any seed" if again is None else f"±{_short(float(f'{again:.2g}'))}"
    return f"`{name}`", claim.text(name, "spread"), extremes, _needs(number.least, number.most), again


def _difference(claim: Claim, name: str) -> tuple[str, ...]:
    pair = claim.differences[name]
    rival = f"`{pair.rival}`" if isinstance(pair.rival, str) else _short(pair.rival)
    between = f"`{pair.number}` {'/' if pair.ratio else '−'} {rival}"
    needs = _needs(pair.least, pair.most)
    interval = f"{claim.text(name, 'low')} to {claim.text(name, 'high')}"
    return between, claim.text(name, "mean"), interval, "ratio " * (pair.ratio and needs != "") + needs


def _needs(least: float, most: float) -> str:
    if math.isfinite(least) and math.isfinite(most):
        return _short(least) if least == most else f"{_short(least)} to {_short(most)}"
    return f"at least {_short(least)}" if math.isfinite(least) else f"at most {_short(most)}" * math.isfinite(most)


def _short(number: float) -> str:
    return re.sub(r"e([+-])0+", r"e\1", f"{number:g}")


def title(book: Path, chapter: str) -> str:
    """The title of a page of the book, its first heading. Raises FileNotFoundError when there is no such page."""
    import nbformat

    notebook, text = (book / f"{chapter}.{suffix}" for suffix in ("ipynb", "md"))
    source = nbformat.read(notebook, as_version=4).cells[0].source if notebook.exists() else text.read_text()
    return next(line for line in source.splitlines() if line.startswith("# ")).removeprefix("# ")


def outdated(book: Path) -> dict[Path, str | None]:
    """The files of the folder `book` that do not say what is stored, with the text they should have.

    None for a page of claims that should not be there.
    """
    import nbformat

    texts = {book / name: text for name, text in claims_pages(book).items()}
    gone = [path for path in (book / "claims").glob("*.md") if path not in texts]
    texts |= {path: fill(path.read_text()) for path in pages(book)}
    for path in find(book):
        notebook = nbformat.read(path, as_version=4)
        told = [cell for cell in notebook.cells if cell.cell_type == "markdown" and fill(cell.source) != cell.source]
        for cell in told:
            cell.source = fill(cell.source)
        if told:
            texts[path] = nbformat.writes(notebook) + "\n"
    changed = {path: text for path, text in texts.items() if not path.exists() or path.read_text() != text}
    return changed | dict.fromkeys(sorted(gone))


def write(book: Path = ROOT / "book") -> list[Path]:
    """Write the pages of claims, and the numbers of all other pages and notebooks; returns the files that changed."""
    texts = outdated(book)
    for path, text in texts.items():
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    return list(texts)


if __name__ == "__main__":
    written = write()
    for path in written:
        print(f"{'wrote' if path.exists() else 'removed'} {path.relative_to(ROOT).as_posix()}")
    print(f"{len(written)} pages changed; the others agree with the ledger.")
