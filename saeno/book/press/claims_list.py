"""The overview of all claims: what the words mean, how to measure again, and a list that a reader can filter.

The list is a table of Markdown, whole without a script. Above it stand three selects and one line of script, which
hides the rows whose cells say something else. So it needs no kernel, no network and no data beside the page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from saeno.book.claims import VERDICTS, Claim

HEAD = """\
# What is claimed, and what was found

This is the *ledger* of the book. It has every claim that the book tests, with the numbers behind it. All of them were
measured by code that you can run again. Nobody typed a number into these pages or into a chapter: both are written
from the same files. Numbers in chapters link here, and each claim has its entry on the page of its chapter.

## All claims

{filter}

{table}

## What the words mean

**Source.** "Abstract of v2" is the abstract of the second version of the paper {{cite:p}}`tolooshams2025sparse`. Those
of v3 {{cite:p}}`tolooshams2026v3` and v4 {{cite:p}}`tolooshams2026v4` came under a new title, and say other things. So
each claim names the version that makes it. We tell what an abstract says in our words, and we had no more of the paper
than the abstracts. So no claim is a quotation, and none speaks of a section or a table. "Our derivation" is proved in
this book. "Our measurement" is no more than that. A DOI is another paper.

**Verdict.**

{verdicts}

**Numbers.** A number is measured once for each seed: another draw of the truth, of the signals, of the start. The table
of a claim has the mean and the standard deviation (sd) over the seeds, and the smallest and the largest of them. *The
claim needs* says where the mean has to be. A number that needs nothing is told for comparison.

**Differences.** To say that one method is better than another, both are measured on the same seeds, and compared seed
by seed. The second table of a claim has the mean of these differences, and an interval: if each seed is one draw of
many, the mean of all of them lies in there with a confidence of 95 % (Student's t). *The claim needs* the whole
interval inside its bounds. Few seeds, or seeds that do not agree, make it wide. Then the claim fails, also one that
says "no better". A *ratio* is one number over the other, and it has an interval in the same way.

## How to measure again

`make claims` runs all experiments on all seeds, and then writes these pages. It takes minutes to hours, and goes on
where it was stopped. To run one experiment alone, and then to write the pages:

```sh
.venv/bin/python -m saeno.book {example}
.venv/bin/python -m saeno.book.press.claims_page
```

Results were made by the code of their day. This names the experiments whose code has changed since:

```sh
.venv/bin/python -m saeno.book --stale
```

Another processor rounds in other ways, and some numbers move with it. This measures one seed in two ways, and stores
how far apart its numbers are:

```sh
.venv/bin/python -m saeno.book {example} --arithmetic
```

Whoever wrote what a claim needs had seen its seeds. This measures as many others, which no one has looked at, and says
which claims hold with them:

```sh
.venv/bin/python -m saeno.book {example} --replicate
```

In Python, `claim("{example_id}").rerun()` measures the numbers of one claim again, with the first of its seeds. It
raises an error if one of them is none that a seed could have given. `make test` asks for more of every claim. A seed
has to come as near to its own stored value as the column *a seed again* says, and the claim has to hold with it.
Another processor may turn a choice in one training, and end elsewhere. So three seeds are tried, and one has to agree.
*As any seed* stands where rounding alone makes another number of every seed, or where nobody has looked.
"""

# No ids, and an attribute instead of <script>, as in saeno/plots/explorer.py. A source may come from several versions,
# so its cell has to have the word; those of verdict and chapter have to be the word.
_FILTER = """
const [source, verdict, chapter] = [...this.querySelectorAll('select')].map(select => select.value);
const rows = [...this.closest('section').querySelectorAll('tbody tr')];
for (const row of rows) {
  const said = [...row.cells].map(cell => cell.textContent.trim());
  row.hidden = !(said[1].includes(source) && ['', said[2]].includes(verdict) && ['', said[3]].includes(chapter));
}
const shown = rows.filter(row => !row.hidden).length;
this.querySelector('output').value = `${shown} of ${rows.length} claims`;
"""

# autocomplete: so that no browser puts a choice back on a page whose list is whole again.
_CONTROLS = """<fieldset class="saeno-filter" onchange="{script}">
<legend>Show only</legend>
{selects}
<output aria-live="polite">{count} claims</output>
</fieldset>"""
_SELECT = '<label>{label} <select autocomplete="off"><option value="">all</option>{options}</select></label>'


def overview(claims: Sequence[Claim], titles: Mapping[str, str]) -> str:
    """The page. claims: in the order of the book; titles: those of their chapters."""
    counts = {verdict: sum(claim.verdict == verdict for claim in claims) for verdict in VERDICTS}
    return HEAD.format(
        filter=_controls(claims, titles),
        table=table(
            "claims",
            ("claim", "source", "verdict", "chapter"),
            [
                (
                    f"[{claim.statement.rstrip('.')}](#{claim.id})",
                    source(claim),
                    claim.verdict,
                    f"{{doc}}`{titles[claim.chapter]} </{claim.chapter}>`",
                )
                for claim in claims
            ],
        ),
        verdicts="\n".join(
            f"- *{verdict.capitalize()}* ({counts[verdict]} claims): {meaning}."
            for verdict, meaning in VERDICTS.items()
        ),
        example=claims[0].experiment,
        example_id=claims[0].id,
    )


def source(claim: Claim) -> str:
    """Where a claim comes from, with a link to another paper."""
    found = claim.source
    return f"[{found}](https://doi.org/{found.removeprefix('doi:')})" if found.startswith("doi:") else found


def table(kind: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown of the class `saeno-KIND`, without the columns that have nothing in them.

    The style sheet of the book shows its rows as entries on a phone: the first cell, and below it the others.
    """
    full = [column for column in range(len(head)) if any(row[column] for row in rows)]
    lines = [[row[column] for column in full] for row in (head, ["---"] * len(head), *rows)]
    text = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"```{{table}}\n:class: saeno-{kind}\n\n{text}\n```"


def _controls(claims: Sequence[Claim], titles: Mapping[str, str]) -> str:
    versions = sorted({version for claim in claims for version in re.findall(r"\bv\d+\b", claim.source)})
    sources = {
        "abstract": "the paper, any version",
        **{version: f"the paper, {version}" for version in versions},
        "our derivation": "our derivation",
        "our measurement": "our measurement",
        "doi:": "another paper",
    }
    choices = {
        "Source": {word: label for word, label in sources.items() if any(word in claim.source for claim in claims)},
        "Verdict": {verdict: verdict for verdict in VERDICTS if any(claim.verdict == verdict for claim in claims)},
        "Chapter": {titles[claim.chapter]: titles[claim.chapter] for claim in claims},
    }
    return _CONTROLS.format(
        script=html.escape(" ".join(_FILTER.split())),
        selects="\n".join(
            _SELECT.format(
                label=label,
                options="".join(
                    f'<option value="{html.escape(value)}">{html.escape(said)}</option>'
                    for value, said in options.items()
                ),
            )
            for label, options in choices.items()
        ),
        count=len(claims),
    )
