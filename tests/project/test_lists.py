"""The lists that all chapters share, sources and words, hold together: else only a build of the site would tell."""

import re
from collections import Counter

import pytest
from pybtex.database import parse_string

from saeno.book.press import ROOT

SOURCES = (ROOT / "book" / "references.bib").read_text()
WORDS = (ROOT / "book" / "glossary.md").read_text()
NEEDED = {"author", "title", "year"}


def sources_at_fault(text: str) -> list[str]:
    """What is wrong with a list of sources, in words."""
    keys = re.findall(r"^@\w+\{([^,\s]+),", text, flags=re.MULTILINE)
    found = [f"{key}: stands there {count} times" for key, count in Counter(map(str.lower, keys)).items() if count > 1]
    for entry in re.split(r"^(?=@)", text, flags=re.MULTILINE)[1:]:
        key = entry.split(",")[0]
        if entry.count("{") != entry.count("}"):
            found.append(f"{key}: has {entry.count('{')} braces that open and {entry.count('}')} that close")
        if not entry.endswith("\n}\n\n") and not text.endswith(entry):
            found.append(f"{key}: does not end with a brace and an empty line")
    if found:
        return found
    parsed = parse_string(text, "bibtex").entries
    if len(parsed) != text.count("@"):
        found.append(f"{len(parsed)} sources are read, and {text.count('@')} are begun")
    for key, source in parsed.items():
        missing = NEEDED - set(source.fields) - set(source.persons)
        if missing:
            found.append(f"{key}: has no {', '.join(sorted(missing))}")
    return found


def words_at_fault(text: str) -> list[str]:
    """What is wrong with a glossary, in words: entries apart by one empty line, each a word and indented lines."""
    body = re.search(r"^```\{glossary\}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    if body is None:
        return ["there is no glossary between its fences"]
    entries = [entry.splitlines() for entry in body[1].rstrip("\n").split("\n\n")]
    found, names = [], [entry[0] for entry in entries]
    for name, *lines in entries:
        if not name or name.startswith(" ") or name.rstrip() != name:
            found.append(f"{name!r}: an entry begins with its word, at the margin")
        if not lines:
            found.append(f"{name}: has no words of explanation")
        found += [f"{name}: is followed by {line!r}, which is not indented" for line in lines if line[:2] != "  "]
        found += [f"{name}: refers to {term!r}, which is no entry" for term in terms(lines) if term not in names]
    found += [f"{name}: stands there {count} times" for name, count in Counter(names).items() if count > 1]
    if names != sorted(names, key=str.lower):
        late = next(name for name, right in zip(names, sorted(names, key=str.lower), strict=True) if name != right)
        found.append(f"{late}: is out of order")
    return found


def terms(lines: list[str]) -> list[str]:
    """The entries that these lines refer to, as {term}`word` or {term}`said <word>`."""
    said = re.findall(r"\{term\}`([^`]+)`", "\n".join(lines))
    return [re.sub(r"^.*<(.*)>$", r"\1", re.sub(r"\s+", " ", one)) for one in said]


def test_the_sources_can_be_read():
    """Fails when a merge runs two sources together, or keeps one twice."""
    assert sources_at_fault(SOURCES) == []


def test_the_glossary_is_well_formed():
    """Fails when a merge runs two entries together, or keeps one twice."""
    assert words_at_fault(WORDS) == []


ONE = "@article{one,\n  author = {A, B},\n  title = {T},\n  year = {2000},\n}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ONE + "\n" + ONE, "2 times"),
        (ONE.replace("{T}", "{T"), "braces"),
        (ONE.replace("one", "two") + ONE, "empty line"),
        (ONE.replace("  year = {2000},\n", ""), "no year"),
    ],
)
def test_a_source_at_fault_is_found(text, reason):
    assert sources_at_fault(ONE) == []
    assert any(reason in said for said in sources_at_fault(text)), sources_at_fault(text)


TWO = "```{glossary}\natom\n  One. See {term}`words <word>`.\n\nword\n  Another.\n```\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\n\nword", "\nword", "not indented"),
        ("  Another.\n", "", "no words"),
        ("atom\n", "zebra\n", "out of order"),
        ("atom\n", "word\n", "2 times"),
        ("<word>", "<wort>", "no entry"),
        ("```{glossary}", "", "no glossary"),
    ],
)
def test_a_word_at_fault_is_found(old, new, reason):
    assert words_at_fault(TWO) == []
    assert any(reason in said for said in words_at_fault(TWO.replace(old, new))), words_at_fault(TWO.replace(old, new))
