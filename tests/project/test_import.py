"""`import saeno` is light: at most a second beyond torch, and nothing that only some of its parts need."""

import subprocess
import sys

import pytest

HEAVY = "matplotlib scipy sklearn skimage statsmodels pandas pyts numba tqdm IPython ipywidgets triton yaml PIL"
SCRIPT = """
import sys, time
import torch
before = set(sys.modules)
start = time.perf_counter()
import saeno
print(time.perf_counter() - start, *{name.split(".")[0] for name in set(sys.modules) - before})
"""


@pytest.fixture(scope="module")
def imports() -> list[tuple[float, set[str]]]:
    """Seconds taken and packages brought in by `import saeno` after `import torch`, in three fresh processes."""
    runs = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
        seconds, *packages = done.stdout.split()
        runs.append((float(seconds), set(packages)))
    return runs


def test_import_brings_in_no_heavy_package(imports):
    assert imports[0][1] & set(HEAVY.split()) == set()


def test_import_takes_at_most_a_second_beyond_torch(imports):
    # The best of three, since the machine may be busy with other tests.
    best = min(seconds for seconds, _ in imports)
    print(f"import saeno after import torch: {best:.2f} s")
    assert best <= 1.0
