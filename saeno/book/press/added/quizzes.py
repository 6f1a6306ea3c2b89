"""A Sphinx extension: each chapter asks whether it was understood, with what stands in `book/quizzes/PART/SLUG.md`.

That file is Markdown as it is shown: it reads well on GitHub and in Jupyter too, where answers open by a click as on
the page. It is put before the exercises of its chapter, or before the summary where there are none. The answers are
`<details>`, which every browser opens by mouse, finger and keyboard, with no script.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

from docutils import nodes

HEADING = "Have you understood?"
RIGHT, WRONG = "**Right.** ", "**Not quite.** "  # the explanation of an answer begins with one of them

_PLACE = re.compile(r"^## (?:Exercises|Summary)$", re.MULTILINE)
_QUESTION = re.compile(r"^\*\*(\d+)\.\*\* (.+)")
_ANSWER = re.compile(r"<details>\n<summary>(.+)</summary>\n\n(.+)\n\n</details>", re.DOTALL)


class Answer(NamedTuple):
    """One of several answers to a question. said: the answer; why: what it shows when it opens; right: if it is."""

    said: str
    why: str
    right: bool


class Question(NamedTuple):
    """asked: the question; answers: in their order."""

    asked: str
    answers: list[Answer]


def path(book: Path, page: str) -> Path:
    """The file with the questions of a page, which is named as `_toc.yml` names it."""
    return book / "quizzes" / f"{page}.md"


def read(text: str) -> list[Question]:
    """The questions of a file. Raises ValueError where it has another form than `CONTRIBUTING.md` shows."""
    head, _, rest = text.partition("\n\n**1.** ")
    if not head.startswith(f"## {HEADING}\n") or not rest:
        raise ValueError(f"quiz = {text[:40]!r}: should begin with '## {HEADING}', a sentence, and '**1.** A question'")
    questions: list[Question] = []
    for block in re.split(r"\n\n(?=\*\*\d+\.\*\* |<details>)", f"**1.** {rest}".rstrip("\n")):
        if asked := _QUESTION.match(block):
            if int(asked[1]) != len(questions) + 1:
                raise ValueError(f"question = {block[:60]!r}: should have the number {len(questions) + 1}")
            questions.append(Question(block[asked.start(2) :], []))
            continue
        answer = _ANSWER.fullmatch(block)
        if not (answer and answer[2].startswith((RIGHT, WRONG))):
            raise ValueError(
                f"answer = {block[:80]!r}: should be <details>, <summary>the answer</summary>, an empty line, "
                f"{RIGHT.strip()} or {WRONG.strip()} with the reason, an empty line, and </details>"
            )
        questions[-1].answers.append(Answer(answer[1], answer[2], answer[2].startswith(RIGHT)))
    return questions


def marked(text: str) -> str:
    """The same text for a page, where right and wrong answers are of a class."""
    return re.sub(
        r"<details>(\n<summary>.+</summary>\n\n\*\*(Right|Not))",
        lambda found: f'<details class="saeno-{"right" if found[2] == "Right" else "wrong"}">{found[1]}',
        text,
    )


def inserted(source: str, quiz: str) -> str:
    """Markdown with the quiz before its first heading *Exercises* or *Summary*. Raises ValueError without one."""
    place = _PLACE.search(source)
    if place is None:
        raise ValueError("source: should have the heading '## Exercises' or '## Summary'")
    return f"{source[: place.start()]}{quiz.strip()}\n\n{source[place.start() :]}"


def with_quiz(source: str, quiz: str) -> str:
    """A page with its quiz: `source` is Markdown, or the JSON of a notebook, one of whose text cells grows."""
    if not source.startswith("{"):
        return inserted(source, quiz)
    notebook = json.loads(source)
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and _PLACE.search(text):
            cell["source"] = inserted(text, quiz)
            return json.dumps(notebook)
    raise ValueError("source: should have a text cell with the heading '## Exercises' or '## Summary'")


def ask(app, page, source):
    """Answers open where pages are HTML; a page on paper has no quiz, since it could not hide them."""
    quiz = path(Path(app.srcdir), page)
    if quiz.exists() and app.builder.format == "html":
        source[0] = with_quiz(source[0], marked(quiz.read_text()))


def link(app, doctree):
    """What an answer says in italics and is the title of a section becomes a link to it."""
    sections = {section[0].astext(): section["ids"][0] for section in doctree.findall(nodes.section)}
    for section in doctree.findall(nodes.section):
        if section[0].astext() == HEADING:
            for said in list(section.findall(nodes.emphasis)):
                if target := sections.get(said.astext()):
                    said.replace_self(nodes.reference("", "", said.deepcopy(), internal=True, refid=target))


def setup(app):
    """Sphinx calls this."""
    app.connect("source-read", ask)
    app.connect("doctree-read", link)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
