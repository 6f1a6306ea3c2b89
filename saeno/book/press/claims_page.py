"""`python -m saeno.book.press.claims_page`: write the page of all claims, and the ledger's numbers in all other pages.

It reads what is stored and measures nothing.
"""

from __future__ import annotations

import math
from itertools import groupby
from pathlib import Path

from saeno.book import record
from saeno.book.claims import VERDICTS, Claim, Number, ledger
from saeno.book.press import ROOT
from saeno.book.press.notebooks import find
from saeno.book.press.prose import GENERATED, fill, pages

HEAD = """\
# What is claimed, and what was found

This is the *ledger* of the book. It has every claim that the book tests, with the numbers behind it. All of them were
measured by code that you can run again. Nobody typed a number into this page or into a chapter: both are written
from the same files. Numbers in chapters link here.

**Where a claim comes from.** "Abstract of v2" is the abstract of the second version of the paper
{{cite:p}}`tolooshams2025sparse`. Those of v3 {{cite:p}}`tolooshams2026v3` and v4 {{cite:p}}`tolooshams2026v4` came
under a new title, and say other things. So each claim names the version that makes it. We tell what an abstract says
in our words, and we had no more of the paper than the abstracts. So no claim is a quotation, and none speaks of a
section or a table. "Our derivation" is proved in this book. "Our measurement" is no more than that. A DOI is another
paper.

**What a verdict means.**

{verdicts}

**How to measure again.** `make claims` runs all experiments on all seeds, and then writes this page. It takes minutes
to hours, and goes on where it was stopped. To run one experiment alone, and then to write the page:

```sh
.venv/bin/python -m saeno.book {example}
.venv/bin/python -m saeno.book.press.claims_page
```

In Python, `claim("{example_id}").rerun(seed=0)` measures the numbers of one claim again with one seed. It raises an
error if one of them leaves the interval that is given below in the last column. `make test` does this for every claim.

| claim | source | verdict |
|---|---|---|
{overview}
"""

ABOUT = """
({id})=
### {statement}

**{verdict}.** {found}

*Source*: {source}. *Setting*: {setting}

| number | mean ± standard deviation | smallest to largest | the claim needs | one seed may be |
|---|---|---|---|---|
{rows}

{seeds}. Claim `{id}` of the experiment `{experiment}`, measured on {date} with {versions}.
"""


def page() -> str:
    """The page of all claims, from what is stored."""
    claims = sorted(ledger().values(), key=lambda claim: claim.chapter)  # a stable sort keeps the order within one
    example = claims[0]
    head = HEAD.format(
        verdicts="\n".join(f"- *{verdict.capitalize()}*: {meaning}." for verdict, meaning in VERDICTS.items()),
        overview="\n".join(
            f"| [{claim.statement.rstrip('.')}](#{claim.id}) | {claim.source} | {claim.verdict} |" for claim in claims
        ),
        example=example.experiment,
        example_id=example.id,
    )
    parts = [head]
    for chapter, group in groupby(claims, key=lambda claim: claim.chapter):
        parts += [f"\n## {title(chapter)}\n\nThe chapter is {{doc}}`/{chapter}`.\n", *[about(claim) for claim in group]]
    return "".join(parts)


def about(claim: Claim) -> str:
    """The part of the page about one claim."""
    measured = record.load(claim.experiment)
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    return ABOUT.format(
        id=claim.id,
        statement=claim.statement.rstrip("."),
        verdict=claim.verdict.capitalize(),
        found=claim.found(),
        source=claim.source,
        setting=claim.setting,
        rows="\n".join(_row(claim, name, number) for name, number in claim.numbers.items()),
        seeds=claim.text(next(iter(claim.numbers)), "seeds").capitalize(),
        date=measured["date"],
        versions=versions,
        experiment=claim.experiment,
    )


def _row(claim: Claim, name: str, number: Number) -> str:
    low, high = (f"{end:{number.form}}".replace("-", "−") for end in claim.interval(name))
    needs = [f"≥ {number.least:g}"] * (number.least > -math.inf) + [f"≤ {number.most:g}"] * (number.most < math.inf)
    extremes = f"{claim.text(name, 'minimum')} to {claim.text(name, 'maximum')}"
    cells = [f"`{name}`", claim.text(name, "spread"), extremes, " and ".join(needs), f"{low} to {high}"]
    return "| " + " | ".join(cells) + " |"


def title(chapter: str) -> str:
    """The title of a page of the book, its first heading. Raises FileNotFoundError when there is no such page."""
    import nbformat

    notebook, text = (ROOT / "book" / f"{chapter}.{suffix}" for suffix in ("ipynb", "md"))
    source = nbformat.read(notebook, as_version=4).cells[0].source if notebook.exists() else text.read_text()
    return next(line for line in source.splitlines() if line.startswith("# ")).removeprefix("# ")


def outdated(book: Path) -> dict[Path, str]:
    """The files of the folder `book` that do not say what is stored, with the text they should have."""
    import nbformat

    texts = {book / GENERATED: page()} | {path: fill(path.read_text()) for path in pages(book)}
    for path in find(book):
        notebook = nbformat.read(path, as_version=4)
        told = [cell for cell in notebook.cells if cell.cell_type == "markdown" and fill(cell.source) != cell.source]
        for cell in told:
            cell.source = fill(cell.source)
        if told:
            texts[path] = nbformat.writes(notebook) + "\n"
    return {path: text for path, text in texts.items() if not path.exists() or path.read_text() != text}


def write(book: Path = ROOT / "book") -> list[Path]:
    """Write the page, and the numbers of all other pages and notebooks; returns the files that changed."""
    texts = outdated(book)
    for path, text in texts.items():
        path.write_text(text)
    return list(texts)


if __name__ == "__main__":
    written = write()
    for path in written:
        print(f"wrote {path.relative_to(ROOT).as_posix()}")
    print(f"{len(written)} pages changed; the others agree with the ledger.")
