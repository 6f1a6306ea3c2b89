"""An empty chapter with its rooms: `make new-chapter NAME=part/slug`.

What is left to write says "To write: …"; `tests/chapters.py` finds it, as it finds whatever else a chapter lacks.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from saeno.book.press import ROOT
from saeno.book.press.notebooks import find, normalise
from saeno.book.press.setup_cell import setup_cell

FORM = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*/[a-z][a-z0-9]*(-[a-z0-9]+)*")

OPENING = """\
# {title}

To write: a paragraph that promises a result.

**What you will learn**

- To write: what the reader can do afterwards;

**Before you start.** To write: the chapters and the words that one should know.

**Time.** To write: so many minutes to read, so many seconds to run."""
IMPORTS = """\
import torch

from saeno import plots
from saeno.book import check, claim
from saeno.book.explorer import explorer"""
LESSON = """\
## To write: an example

To write: an example and its picture; then the definition or theorem; then a cell that checks it, a counter-example, and
an explorer.

## Exercises

Write your answers in place of the dots, and run the cell: it says how you are doing.

To write: three to six exercises, as in `book/first-look.ipynb`.

## Summary

- To write: a line for each thing that is worth keeping.

## What the paper says, and what we found

To write: the claims, with their numbers as links to the ledger.

## Further reading

To write: sources, from `book/references.bib`."""

LABORATORY = '"""The laboratory of the chapter `{name}`."""\n'
PART = '"""The laboratories of the part `{part}`."""\n'
EXPERIMENT = '''\
"""To write: what this measures, and how long it takes."""

from __future__ import annotations

AXES = {{"seed": range(10)}}

CLAIMS = []  # to write: `saeno/book/claims.py` says what a claim has


def trial(seed: int) -> dict[str, float]:
    """To write: from settings and a seed to numbers, by name."""
    raise NotImplementedError("write `trial` in {experiment}")
'''
EXERCISES = '''\
"""The exercises of *{title}*."""

from __future__ import annotations

CHECKS = ()  # to write: a function of the answer for each exercise; `saeno/book/checking.py` has what they need
'''
QUIZ = """\
## Have you understood?

Choose an answer: it opens, and says whether it is right, and why.

**1.** To write: a question, and two more.

<details>
<summary>To write: an answer that people give</summary>

**Not quite.** To write: why it is wrong, and the *section* that shows it.

</details>

<details>
<summary>To write: the right answer</summary>

**Right.** To write: why.

</details>

<details>
<summary>To write: another answer that people give</summary>

**Not quite.** To write: why it is wrong.

</details>
"""
ANSWERS = '''\
"""Answers to the exercises of *{title}*: right ones, and wrong ones with a part of the reason that is given."""

RIGHT = {{}}  # number of the exercise: [answer, answer]
WRONG = {{}}  # number of the exercise: [(answer, "part of the reason"), ...]
'''


def parts(root: Path = ROOT) -> list[str]:
    """The parts of the book, which are the folders of the numbered chapters of `_toc.yml`."""
    import yaml

    contents = yaml.safe_load((root / "book" / "_toc.yml").read_text())
    files = [entry["file"] for part in contents["parts"] if part.get("numbered") for entry in part["chapters"]]
    return list(dict.fromkeys(file.split("/")[0] for file in files if "/" in file))


def new_chapter(name: str, root: Path = ROOT) -> list[Path]:
    """Write the files of the chapter `name`, a part and a slug, and return them. No file is overwritten.

    Raises ValueError for another form, a part that the book does not have, and a slug that it has.
    """
    import nbformat

    if not FORM.fullmatch(name):
        raise ValueError(
            f"name = {name!r}: should be PART/SLUG, words in small letters with hyphens: lifting/my-chapter"
        )
    part, slug = name.split("/")
    if part not in parts(root):
        raise ValueError(
            f"name = {name!r}: its part should be one of {', '.join(parts(root))}; a new part begins in book/_toc.yml, "
            f"with its caption and the line `- file: {name}`"
        )
    title, room = slug.replace("-", " ").capitalize(), Path("saeno", "book", part, slug.replace("-", "_"))
    said = {"name": name, "part": part, "title": title, "experiment": (room / "main.py").as_posix()}
    texts = {
        room / "__init__.py": LABORATORY,
        room / "main.py": EXPERIMENT,
        room / "exercises.py": EXERCISES,
        Path("tests", "exercises", f"{room.name}.py"): ANSWERS,
        Path("book", "quizzes", f"{name}.md"): QUIZ,
    }
    notebook = Path("book", f"{name}.ipynb")
    there = [path.relative_to(root) for path in find(root / "book") if path.stem == slug]
    there += [path for path in (notebook, *texts) if (root / path).exists()]
    if there:
        raise ValueError(
            f"name = {name!r}: should be a chapter that does not exist, and there is {there[0].as_posix()}"
        )
    if not (root / room.parent / "__init__.py").exists():
        texts = {room.parent / "__init__.py": PART, **texts}
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.format(**said))
    cells = [
        nbformat.v4.new_markdown_cell(OPENING.format(**said)),
        *[nbformat.v4.new_code_cell(source) for source in (setup_cell(root), IMPORTS)],
        nbformat.v4.new_markdown_cell(LESSON),
    ]
    (root / notebook).parent.mkdir(exist_ok=True)
    nbformat.write(normalise(nbformat.v4.new_notebook(cells=cells)), root / notebook)
    _list(name, root / "book" / "_toc.yml")
    return [notebook, *texts, Path("book", "_toc.yml")]


def _list(name: str, contents: Path) -> None:
    """Put the chapter behind the last one of its part, unless it stands there; all other lines stay as they are."""
    lines = contents.read_text().splitlines(keepends=True)
    same = [i for i, line in enumerate(lines) if re.match(rf"\s*- file: {name.split('/')[0]}/", line)]
    if not any(lines[i].split()[-1] == name for i in same):
        last = lines[same[-1]]
        lines.insert(same[-1] + 1, f"{last[: last.index('-')]}- file: {name}\n")
        contents.write_text("".join(lines))


def main(arguments: list[str] | None = None, root: Path = ROOT) -> None:
    """The command line: says what was written, and what to do next; exit status 2 when nothing was."""
    parser = argparse.ArgumentParser(prog="make new-chapter", usage="make new-chapter NAME=PART/SLUG")
    parser.add_argument("name", nargs="?", default="")
    try:
        written = new_chapter(parser.parse_args(arguments).name, root)
    except ValueError as error:
        parser.error(str(error))
    print("Written:", *[f"  {path.as_posix()}" for path in written], sep="\n")
    print('Look for `To write`, and read "How to add a chapter" in CONTRIBUTING.md. This says what is missing:')
    print("  .venv/bin/python -m pytest tests/test_chapters.py tests/test_exercise_blocks.py tests/test_experiments.py")


if __name__ == "__main__":
    main()
