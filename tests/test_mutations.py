"""The ledger bites: code that is changed in a way that changes numbers is caught when one seed is measured again.

Each change is made in a copy of the package, as an editor would make it, and a claim that rests on the changed line is
measured again there with its first seed. Unchanged, all of them agree: that is tested by `tests/test_experiments.py`.
"""

import os
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest

from saeno.book.imports import PACKAGE


class Change(NamedTuple):
    claim: str
    file: str
    old: str
    new: str


ORDERS, COUNTS = "book/operators/functions/main.py", "book/operators/functions/counts.py"
LAYERS, SHRINKAGE = "book/operators/fourier_neural_operators/layers.py", "book/recovery/iterative_shrinkage/main.py"
GRADIENTS, SAMPLES = "book/recovery/dictionary_learning/gradients.py", "book/lifting/whitening/samples.py"
FIRST = 0  # the seed that all of them have
CHANGES = [
    # the library: a shorter step, an event less, no projection of the gradient, three times the rate
    Change("uniqueness-transition", "inference/unrolled.py", "DAMPING = 0.7", "DAMPING = 0.6"),
    Change("functions-counts", "inference/matching_pursuit.py", 'whole(k, "k")', 'whole(k, "k") - 1'),
    Change("whitening-few-samples", "training/run.py", "dictionary.project_gradient_()", "pass"),
    Change("whitening-few-samples", "training/schedule.py", "else lr * (1 +", "else 3 * lr * (1 +"),
    # what is asked: active atoms, thresholds, noise
    Change("functions-orders", ORDERS, "SparseModel(dictionary, active=3", "SparseModel(dictionary, active=2"),
    Change("functions-counts", COUNTS, "Unrolled(SoftThreshold(0.1,", "Unrolled(SoftThreshold(0.2,"),
    Change("lifting-multiple", "book/lifting/lifting/lab.py", "THRESHOLD, STEPS = 0.1,", "THRESHOLD, STEPS = 0.2,"),
    Change("fourier-layer", LAYERS, "4, noise=0.1)", "4)"),
    Change("whitening-few-samples", SAMPLES, "noise=NOISE)", "noise=1.5 * NOISE)"),
    Change("shrinkage-bias", SHRINKAGE, "omp(model.dictionary, signal, 5)", "omp(model.dictionary, signal, 4)"),
    Change("dictionary-envelope", GRADIENTS, "SparseModel(true, active=3)", "SparseModel(true, active=2)"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "saeno", ignore=shutil.ignore_patterns("__pycache__", "press"))
    return root


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: f"{change.claim}: {change.new.strip()}")
def test_a_change_of_the_code_is_caught(copy, change):
    path = copy / "saeno" / change.file
    source = path.read_text()
    assert source.count(change.old) == 1, f"{change.file} has no such line any more, or has it twice: {change.old}"
    try:
        path.write_text(source.replace(change.old, change.new))
        script = f"from saeno.book import claim; c = claim({change.claim!r}); c.agrees({FIRST}, **c.measured({FIRST}))"
        # -P: the folder of the tests is not searched; PYTHONPATH comes before what is installed.
        done = subprocess.run(
            [sys.executable, "-P", "-c", script],
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
    finally:
        path.write_text(source)
    assert "Drift" in done.stderr, done.stderr or "the change went unnoticed"
