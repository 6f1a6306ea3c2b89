"""The ledger: numbers are stored, read, written and guarded.

Tried, each failing here: an interval twice as wide, a mean where the minimum belongs, `rerun` without `agrees`, a
fingerprint that sees docstrings or misses code, a number edited by hand in a page of claims or in another page.
"""

import json
import math
import os
import re
import shutil
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
import torch
import yaml

from saeno.book import __main__ as command
from saeno.book import claims, record, replication
from saeno.book.claims import Claim, Drift, Number, Paired
from saeno.book.imports import reached
from saeno.book.press import ROOT, claims_page
from saeno.book.press.added.verdicts import listed


def echo(seed: int, factor: float) -> dict[str, float]:
    return {"double": factor * seed, "seed": seed}


def arithmetic_of(seed: int, factor: float) -> dict[str, float]:
    return {"double": factor * seed + (factor == 3), "seed": seed + (os.environ.get("ATEN_CPU_CAPABILITY") == "avx2")}


DOUBLE = Number("double", {"factor": 2.0}, least=3.0)


def doubled(**changes) -> Claim:
    fields = {
        "id": "doubled",
        "chapter": "notation",
        "source": "our measurement",
        "statement": "Twice a number is the double of it.",
        "setting": "Numbers 1 to 3.",
        "finding": "It is {double}, in $\\frac12$ a second.",
        "verdict": "ours",
        "numbers": {"double": DOUBLE},
        "experiment": "echo",
    }
    return Claim(**fields | changes)


AXES = {"factor": [2.0, 3.0], "seed": [1, 2, 3]}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """The folder where `echo` was measured, once, since its processes take seconds to start."""
    folder = tmp_path_factory.mktemp("measured")
    (folder / "echo.py").write_text("")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record, "experiments", lambda: {"echo": folder / "echo.py"})
        patch.setattr(record, "CELLS", folder / "cells")
        record.measure("echo", echo, **AXES)
    return folder


@pytest.fixture
def echoed(measured, tmp_path, monkeypatch):
    """A ledger of its own, with the one experiment `echo`, measured for seeds 1, 2, 3 and factors 2 and 3."""
    shutil.copytree(measured, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(record, "CELLS", tmp_path / "cells")
    module = SimpleNamespace(trial=echo, AXES=AXES, CLAIMS=[doubled(experiment="")])
    for where in (claims, command, record):
        monkeypatch.setattr(where, "experiments", lambda: {"echo": tmp_path / "echo.py"})
    for where in (claims, command, replication):
        monkeypatch.setattr(where, "load_experiment", lambda name: module)
    claims.ledger.cache_clear()
    yield module
    claims.ledger.cache_clear()


def test_a_measurement_is_stored_with_its_spread(echoed, capsys):
    stored = json.loads((record.results("echo")).read_text())["measured"][0]
    assert stored["settings"] == {"factor": 2.0} and stored["seeds"] == [1, 2, 3]
    value = {"mean": 4.0, "std": 2.0, "minimum": 2.0, "maximum": 6.0, "each": [2.0, 4.0, 6.0]}
    assert stored["values"]["double"] == value
    assert record.stored("echo", "double", {"factor": 3.0}) == (6.0, 3.0, 3.0, 9.0, (3.0, 6.0, 9.0), (1, 2, 3))
    command.main([])
    assert "4.0000 ± 2.0000, 2.0000 to 6.0000 (3 seeds)" in capsys.readouterr().out


def test_a_result_that_did_not_change_keeps_its_date(echoed):
    path = record.results("echo")
    path.write_text(path.read_text().replace(json.loads(path.read_text())["date"], "2000-01-01"))
    command.main(["echo"])
    assert json.loads(path.read_text())["date"] == "2000-01-01"
    path.write_text(path.read_text().replace("6.0", "6.5"))
    command.main(["echo"])
    assert json.loads(path.read_text())["date"] > "2000-01-01" and "6.5" not in path.read_text()


def test_what_is_not_stored_is_an_error(echoed):
    with pytest.raises(KeyError, match="'factor': 4"):
        record.stored("echo", "double", {"factor": 4.0})
    with pytest.raises(KeyError, match="half"):
        record.stored("echo", "half", {"factor": 2.0})
    with pytest.raises(ValueError, match="name = 'other': should be one of echo"):
        record.load("other")
    record.results("echo").unlink()
    with pytest.raises(FileNotFoundError, match=r"python -m saeno\.book echo"):
        record.load("echo")
    with pytest.raises(SystemExit):
        command.main(["other"])


def test_a_method_is_taken_at_its_best_rate():
    """Tried: the first rate, the smallest mean, and a method whose name begins with that of another."""
    each = {"a | 0.1": [1, 2], "a | 0.3": [4, 2], "a | 1.0": [2, 2], "a | x | 0.5": [9, 9]}
    entries = [
        {"settings": {"setting": setting}, "seeds": [0, 1], "values": {"score": record.spread(values)}}
        for setting, values in each.items()
    ]
    best = record.tuned({"measured": entries}, "a", "score")
    assert best.rate == 0.3 and best.values["score"].each == (4.0, 2.0) and best.values["score"].seeds == (0, 1)
    assert record.tuned({"measured": entries}, "a | x", "score").rate == 0.5
    with pytest.raises(ValueError, match=r"method = 'b': should be one of a, a \| x$"):
        record.tuned({"measured": entries}, "b", "score")


def test_a_claim_says_its_numbers(echoed):
    found = claims.claim("doubled")
    assert found == doubled()
    assert found.text("double") == "4.000 ± 2.000 (3 seeds)"
    parts = {part: found.text("double", part) for part in ("spread", "mean", "std", "minimum", "maximum", "seeds")}
    assert list(parts.values()) == ["4.000 ± 2.000", "4.000", "2.000", "2.000", "6.000", "3 seeds"]
    assert found.found() == "It is 4.000 ± 2.000, in $\\frac12$ a second."
    assert "*Ours.*" in found._repr_markdown_() and "4.000" in found._repr_markdown_()
    with pytest.raises(ValueError, match="median"):
        found.text("double", "median")
    with pytest.raises(KeyError, match="half"):
        found.text("half")
    with pytest.raises(KeyError, match="'halved': there are doubled"):
        claims.claim("halved")


def test_a_claim_holds_when_the_mean_is_what_it_needs(echoed):
    assert doubled().holds()
    assert not doubled(numbers={"double": Number("double", {"factor": 2.0}, least=4.1)}).holds()
    assert not doubled(numbers={"double": Number("double", {"factor": 2.0}, most=3.9)}).holds()


def arithmetic(moved: float) -> None:
    """Store that `double` moved by so much between two arithmetics."""
    entry = {"settings": {"factor": 2.0}, "apart": {"double": moved}}
    path = record.results("echo")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"arithmetic": {"moved": [entry]}}))


@pytest.mark.parametrize(
    ("options", "moved", "seed", "interval"),
    [
        ({}, None, None, (-2.04, 10.04)),  # as far outside of the stored values as these are apart, and 1 % of the mean
        ({"possible": (0, 7)}, None, None, (0, 7)),
        ({}, None, 2, (-2.04, 10.04)),  # nobody looked at how it moves
        ({}, 0.001, 2, (4 - 0.01006, 4 + 0.01006)),  # ten times what it moved by, and 1e-5 of the largest, which is 6
        ({}, 0.3, 2, (-2.04, 10.04)),  # chaos: as much as the seeds differ by
        ({}, 0.001, None, (-2.04, 10.04)),
        ({"tolerance": 0.5}, 0.3, 3, (5.5, 6.5)),
    ],
)
def test_where_a_number_may_be_when_it_is_measured_again(echoed, options, moved, seed, interval):
    if moved is not None:
        arithmetic(moved)
    found = doubled(numbers={"double": Number("double", {"factor": 2.0}, **options)})
    assert found.interval("double", seed) == pytest.approx(interval, abs=1e-9)
    low, high = interval
    found.agrees(seed, double=low + 1e-3)
    found.agrees(seed, double=high - 1e-3)
    for value in (low - 0.02, high + 0.02, float("nan")):
        with pytest.raises(Drift, match=r"double is .* the 3 seeds of the ledger allow"):
            found.agrees(seed, double=value)


def test_an_identity_may_err_by_another_rounding(echoed, monkeypatch):
    stored = record.Stored(3e-16, 1e-16, 2e-16, 4e-16, (2e-16, 3e-16, 4e-16), (1, 2, 3))
    monkeypatch.setattr(record, "stored", lambda *_: stored)
    found = doubled(numbers={"double": Number("double", {"factor": 2.0}, most=1e-10, possible=(0, math.inf))})
    for seed in (None, 2):
        found.agrees(seed, double=5e-15)
        with pytest.raises(Drift):
            found.agrees(seed, double=1e-11)


def test_a_seed_that_breaks_the_claim_has_drifted(echoed):
    """Though its number is one that a seed may have: the mean is then 8/3."""
    doubled().agrees(1, double=0.0)
    with pytest.raises(
        Drift, match=r"does not hold with seed 3 measured anew: the mean of double is 2\.667: should be"
    ):
        doubled().agrees(3, double=2.0)


def test_what_was_stored_by_other_code_is_said(echoed, monkeypatch, capsys):
    assert not record.fresh("echo"), "it was measured by the code of this file, and echo.py is empty"
    with pytest.raises(Drift, match="stored before the code was what it is now"):
        doubled().agrees(2, double=99.0)
    command.main(["--stale"])
    assert capsys.readouterr().out == "echo\n"
    monkeypatch.setattr(record, "code_of", lambda source: json.loads(record.results("echo").read_text())["code"])
    assert record.fresh("echo")
    command.main(["--stale"])
    assert capsys.readouterr().out == ""


def test_differences_are_paired_over_the_seeds(echoed):
    """Of 2, 4, 6 and 3, 6, 9: the differences are 1, 2, 3, and each ratio is 3/2. SciPy knows the interval."""
    from scipy.stats import ttest_1samp

    both = {"double": DOUBLE, "triple": Number("double", {"factor": 3.0})}
    pairs = {
        "gain": Paired("triple", "double", least=-1.0),
        "ratio": Paired("triple", "double", least=1.4, most=1.6, ratio=True),
        "given": Paired("double", 4.0, most=6.0),
    }
    found = doubled(numbers=both, differences=pairs)
    expected = ttest_1samp([1, 2, 3], 0).confidence_interval(0.95)
    assert found.difference("gain") == pytest.approx((2, *expected, 3))
    assert found.difference("ratio") == pytest.approx((1.5, 1.5, 1.5, 3))
    assert found.difference("given").mean == 0 and found.holds()
    assert found.text("ratio") == "1.500, 1.500 to 1.500 (3 seeds)" and found.text("gain", "low") == "-0.484"
    assert found.difference("gain", {"triple": [3, 6, 30]}).mean == pytest.approx(9)
    for name, least, instead in (("gain", -0.4, None), ("gain", -1.0, {"triple": [3, 6, 90]}), ("ratio", 1.51, None)):
        unfounded = doubled(numbers=both, differences={name: replace(pairs[name], least=least)})
        assert not unfounded.holds(instead), "the mean is above the bound, and its interval is not"
        assert name in unfounded.broken(instead)[0]
    assert "ratio is from nan to nan: should be at least 1.4 and at most 1.6" in found.broken({"triple": [0, 6, 9]})
    with pytest.raises(KeyError, match="half"):
        doubled(differences={"gain": Paired("half", "double")}).holds()
    with pytest.raises(ValueError, match="'double' is a number and a difference"):
        doubled(differences={"double": Paired("double", 4.0)})
    assert not found.holds({"double": [-2, 4, 6]}), "a ratio of numbers that are not positive is none"


def test_arithmetics_are_compared(echoed, capsys):
    """In processes that start in them: a number of this trial says which it was, and another is not the stored one."""
    record.measure_arithmetic("echo", arithmetic_of, [{"factor": 2.0}, {"factor": 3.0}], seed=2)
    assert record.apart("echo", "double", {"factor": 2.0}) == 0
    assert record.apart("echo", "seed", {"factor": 2.0}) == 1
    assert record.apart("echo", "double", {"factor": 3.0}) is None
    assert (
        "double at {'factor': 3.0} is not what is stored any more: python -m saeno.book echo" in capsys.readouterr().out
    )
    assert record.load("echo")["measured"][0]["seeds"] == [1, 2, 3], "what is stored besides is kept"


def test_other_seeds_judge_a_claim(echoed, capsys):
    """With seeds 11 to 13 the doubles are 22 to 26, and the triples 33 to 39."""
    both = {"double": DOUBLE, "triple": Number("double", {"factor": 3.0})}
    gain = {"gain": Paired("triple", "double", least=-1.0, most=4.5)}
    echoed.CLAIMS[:] = [doubled(experiment=""), doubled(id="gained", experiment="", numbers=both, differences=gain)]
    claims.ledger.cache_clear()
    one, two = replication.replicate("echo", 10)
    assert one.values == {"double": [22, 24, 26]} and not one.broken
    assert two.values == {"double": [22, 24, 26], "triple": [33, 36, 39]}
    assert two.broken == ["gain is from 9.516 to 14.484: should be at least -1 and at most 4.5"]
    before = record.results("echo").read_text()
    assert command.main(["echo", "--replicate", "10"]) == 1
    said = capsys.readouterr().out
    assert "doubled holds\n" in said and "gained does not hold\n    gain is from 9.516" in said
    assert "gain 12.000, 9.516 to 14.484; in the ledger 2.000, -0.484 to 4.484" in said
    assert record.results("echo").read_text() == before and command.main(["echo"]) == 0
    with pytest.raises(ValueError, match="away = 0: should be a whole number ≥ 1"):
        command.main(["echo", "--replicate", "0"])


def test_a_rerun_measures_once_for_each_setting_and_compares(echoed, monkeypatch):
    calls = []

    def trial(seed, factor):
        calls.append((seed, factor))
        return echo(seed, factor) | {"seed": 9}

    echoed.trial = trial
    assert doubled().rerun(seed=2) == {"double": 4.0} and doubled().rerun() == {"double": 2.0}
    both = doubled(numbers={"double": DOUBLE, "seed": Number("seed", {"factor": 2.0})})
    with pytest.raises(Drift, match=r"seed is 9\.000, and the 3 seeds of the ledger allow -1\.020 to 5\.020"):
        both.rerun(seed=3)
    assert calls == [(2, 2.0), (1, 2.0), (3, 2.0)]
    assert both.measured(3) == {"double": 6.0, "seed": 9}, "compared with nothing"
    with pytest.raises(Drift, match=r"seed is 9\.000 with seed 3, stored as 3\.000"):
        both.agrees(3, **both.measured(3))
    with pytest.raises(Drift, match=r"double is 100\.000, and"):  # a seed that the ledger has not
        doubled().rerun(seed=50)


def test_two_claims_of_one_id_are_an_error(echoed):
    echoed.CLAIMS = [doubled(), doubled()]
    claims.ledger.cache_clear()
    with pytest.raises(ValueError, match="'doubled' stands in"):
        claims.ledger()


def test_the_fingerprint_sees_code_and_nothing_else(tmp_path):
    path = tmp_path / "experiment.py"

    def print_of(source):
        path.write_text(source)
        return record.fingerprint(path)

    source = 'def trial(seed):\n    """What."""\n    return {"a": helper(seed)}\n\n\ndef helper(x):\n    return x + 1\n'
    same = [source.replace("What", "Which"), source.replace("+ 1", "+ 1  # one"), source + 'CLAIMS = ["a"]\n']
    assert {print_of(text) for text in same} == {print_of(source)}
    assert print_of(source.replace("+ 1", "+ 2")) != print_of(source), "what the trial calls counts too"


@pytest.mark.parametrize("line", ["from saeno.rooms import shared as lab", "from saeno.rooms.shared import helper",
                                  "import saeno.rooms.shared", "from saeno.rooms import helper"])  # fmt: skip
def test_what_a_file_imports_is_reached(tmp_path, line):
    """Also through another file, through a folder that hands it on, and in a circle; other files do not count."""
    package = tmp_path / "saeno"
    files = {
        "__init__": "from saeno.between import more\nfrom saeno.rooms.other import thing\n",
        "between": line + "\nfrom saeno.book.trial import trial\n",
        "rooms/__init__": "from saeno.rooms.shared import helper\nfrom saeno.rooms.other import thing\n",
        "rooms/shared": "def helper(x):\n    return x + 1\n",
        "rooms/other": "thing = 1\n",
        "book/machine": "import torch\n",
        "book/trial": "from saeno import more\nfrom saeno.book import machine\n",
        "book/part/trial": "from saeno import more\nimport torch\n",
    }
    for name, source in files.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / f"{name}.py").write_text(source)

    def found(**options):
        paths = reached([package / "book" / "part" / "trial.py"], package=package, **options)
        return {path.relative_to(package).with_suffix("").as_posix() for path in paths}

    assert found() == {"book/part/trial", "between", "rooms/shared"}
    assert found(machinery=True) == found() | {"book/trial", "book/machine"}
    (package / "between.py").write_text("import saeno\n")
    assert found() == {"book/part/trial", "between", "__init__", "rooms/other"}
    (package / "between.py").write_text("from saeno.rooms import absent\nfrom saeno.gone import more\n")
    with pytest.raises(ImportError, match=r"saeno\.gone\.more: there is no such module"):
        found()


def test_comments_do_not_change_what_is_shared_and_code_does(tmp_path, monkeypatch):
    shared = tmp_path / "shared.py"
    monkeypatch.setattr(record, "reached", lambda sources: [shared])
    shared.write_text("def helper(x):\n    return x + 1\n")
    before = record.fingerprint(shared)
    shared.write_text(shared.read_text() + "# one\n")
    assert record.fingerprint(shared) == before
    shared.write_text("def helper(x):\n    return x + 2\n")
    assert record.fingerprint(shared) != before


def test_a_decorated_trial_is_known_by_its_own_file(monkeypatch):
    """`@torch.no_grad()` wraps a trial in a function of torch's, whose file says nothing about the experiment."""
    seen = []
    monkeypatch.setattr(record, "fingerprint", lambda source: str(seen.append(source)))
    monkeypatch.setattr(record, "run_grid", lambda *_, **__: [])
    with pytest.raises(IndexError):  # nothing was measured
        record.measure("echo", torch.no_grad()(echo), seed=[1])
    assert [str(source) for source in seen] == [__file__]


def folder(where, *chapters: str):
    """A book with these pages, and a page for the claims."""
    lines = "".join(f"  - file: {name}\n" for name in (*chapters, "claims", "last"))
    (where / "_toc.yml").write_text(f"root: intro\nchapters:\n{lines}")
    for chapter in chapters:
        (where / chapter).parent.mkdir(exist_ok=True)
        (where / f"{chapter}.md").write_text(f"# Title of {chapter}\n")
    return where


def test_the_pages_say_everything_about_a_claim(echoed, tmp_path):
    """Tried: a difference with its bounds left out, a column that is empty, "1e-05", and a source that is no link."""
    arithmetic(1.23e-6)
    both = {"double": DOUBLE, "triple": Number("double", {"factor": 3.0})}
    both["slow"] = replace(DOUBLE, tolerance=100)
    pairs = {
        "gain": Paired("triple", "double", least=-1.0),
        "ratio": Paired("triple", "double", least=1.4, most=1.6, ratio=True),
        "given": Paired("double", 4.0),
    }
    echoed.CLAIMS = [
        doubled(id="tripled", numbers=both, differences=pairs, source="doi:10.1/a"),
        doubled(id="unbounded", numbers={"triple": both["triple"]}),
    ]
    claims.ledger.cache_clear()
    texts = claims_page.claims_pages(folder(tmp_path, "notation"))
    assert list(texts) == ["claims.md", "claims/notation.md", "_toc.yml"]
    first, second = texts["claims/notation.md"].split("(unbounded)=")
    for part in [
        "# Claims: *Title of notation*", "{doc}`/notation`", "(tripled)=", "## Twice a number",
        "**Ours.** It is 4.000 ± 2.000", "Numbers 1 to 3.", "[doi:10.1/a](https://doi.org/10.1/a)", "3 seeds", "`echo`",
        "| number | mean ± sd | smallest to largest | the claim needs | a seed again |",
        "| `double` | 4.000 ± 2.000 | 2.000 to 6.000 | at least 3 | ±7.2e-5 |",
        "| `triple` | 6.000 ± 3.000 | 3.000 to 9.000 |  | as any seed |",
        "| `slow` | 4.000 ± 2.000 | 2.000 to 6.000 | at least 3 | ±100 |",
        "| difference | mean | 95 % interval | the claim needs |",
        "| `triple` − `double` | 2.000 | -0.484 to 4.484 | at least -1 |",
        "| `triple` / `double` | 1.500 | 1.500 to 1.500 | ratio 1.4 to 1.6 |",
        "| `double` − 4 | 0.000 | -4.968 to 4.968 |  |",
    ]:  # fmt: skip
        assert part in first, part
    assert "| number | mean ± sd | smallest to largest | a seed again |" in second and "difference" not in second


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [(0.1, math.inf, "at least 0.1"), (-math.inf, 1e-10, "at most 1e-10"), (-2.3, 110, "-2.3 to 110"), (4.0, 4.0, "4")],
)
def test_what_a_claim_needs_is_said_in_words(echoed, least, most, words):
    found = doubled(numbers={"double": Number("double", {"factor": 2.0}, least=least, most=most)})
    assert f"| 2.000 to 6.000 | {words} | as any seed |" in claims_page.about(found)


def test_the_overview_lists_all_claims_in_the_order_of_the_book(echoed, tmp_path):
    """And lets a reader choose among what there is. Tried: the order of the experiments."""
    papers = ["our measurement", "abstracts of v2 and v3", "abstract of v4"]
    echoed.CLAIMS = [
        doubled(id=f"doubled-{number}", chapter=chapter, source=source)
        for number, (chapter, source) in enumerate(zip(["part/b", "a", "part/b"], papers, strict=True))
    ]
    claims.ledger.cache_clear()
    texts = claims_page.claims_pages(folder(tmp_path, "a", "part/b"))
    assert list(texts)[:-1] == ["claims.md", "claims/a.md", "claims/b.md"]
    text = texts["claims.md"]
    said = "| [Twice a number is the double of it](#doubled-{}) | {} | ours | {{doc}}`Title of {} </{}>` |"
    rows = [said.format(1, papers[1], "a", "a"), said.format(0, papers[0], "part/b", "part/b")]
    assert "\n".join(rows) in text and "saeno.book echo" in text and "3 claims" in text
    values = re.findall(r'<option value="([^"]*)">', text)
    assert values == [
        *("", "abstract", "v2", "v3", "v4", "our measurement"), *("", "ours"), *("", "Title of a", "Title of part/b")
    ]  # fmt: skip
    contents = yaml.safe_load(texts["_toc.yml"])["chapters"]
    assert contents[2] == {"file": "claims", "sections": [{"file": "claims/a"}, {"file": "claims/b"}]}
    assert contents[3] == {"file": "last"}
    (tmp_path / "_toc.yml").write_text(texts["_toc.yml"])
    assert claims_page.claims_pages(tmp_path) == texts, "what is written is not written again"


def test_a_chapter_has_a_slug_of_its_own_and_a_place_in_the_book(echoed, tmp_path):
    echoed.CLAIMS = [doubled(id="one", chapter="a"), doubled(id="two", chapter="part/a")]
    claims.ledger.cache_clear()
    with pytest.raises(ValueError, match="chapter = 'part/a': should have another slug"):
        claims_page.claims_pages(folder(tmp_path, "a", "part/a"))
    with pytest.raises(ValueError, match=r"chapter = 'part/a' of claim 'two': should be a page of _toc\.yml"):
        claims_page.claims_pages(folder(tmp_path, "a"))
    with pytest.raises(ValueError, match=r"_toc\.yml: should have the line '- file: claims'"):
        claims_page.listed("root: a\n", [])


def test_the_pages_of_the_book_say_what_is_stored():
    """The pages of claims, and every number in a page or a chapter that links to a claim."""
    outdated = [path.name for path in claims_page.outdated(ROOT / "book")]
    assert outdated == [], "run: python -m saeno.book.press.claims_page"


def test_what_is_outdated_is_written(echoed, tmp_path):
    """Pages, notebooks and the pages of claims. What agrees is left alone, and what has no chapter is removed."""
    (tmp_path / "book").mkdir()
    book = folder(tmp_path / "book", "notation")
    (book / "claims").mkdir()
    (book / "claims" / "gone.md").write_text("# Claims of a chapter that is gone\n")
    link = 'It is [?](#doubled "double.mean").'
    (book / "a.md").write_text(link)
    (book / "b.md").write_text("It is nothing.")
    cells = [nbformat.v4.new_markdown_cell(link, id="a"), nbformat.v4.new_code_cell(link, id="b")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), book / "c.ipynb")
    names = ["claims.md", "claims/notation.md", "_toc.yml", "a.md", "c.ipynb", "claims/gone.md"]
    assert claims_page.write(book) == [book / name for name in names]
    assert claims_page.write(book) == [] and not (book / "claims" / "gone.md").exists()
    said = 'It is [4.000](#doubled "double.mean").'
    assert (book / "a.md").read_text() == said
    assert [cell.source for cell in nbformat.read(book / "c.ipynb", as_version=4).cells] == [said, link]
    page = book / "claims" / "notation.md"
    page.write_text(page.read_text().replace("4.000", "4.001"))
    assert list(claims_page.outdated(book)) == [page]


def test_the_paper_s_claims_are_listed_by_verdict():
    """Fails when a verdict is left out, or a claim that is ours is listed as the paper's."""
    text = listed(claims.ledger().values())
    paper = {claim.id for claim in claims.ledger().values() if "abstract" in claim.source}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) == paper
    assert (
        text.index("**Reproduced** (") < text.index("**Reproduced in a regime** (") < text.index("**Not reproduced** (")
    )
