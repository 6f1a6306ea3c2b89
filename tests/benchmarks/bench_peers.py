"""Quality and time against other libraries on the same work, for the record: `make bench`, where they are installed."""

import importlib.util

import pytest

from saeno.book import record
from saeno.book.experiments import sparse_autoencoders_toy as ours
from saeno.book.peers import sae_lens


def bench_toy_of_superposition_against_sae_lens():
    """Trains SAELens anew, stores its record, and prints it beside ours, each method at its best rate."""
    if importlib.util.find_spec("sae_lens") is None:
        pytest.skip("SAELens is not installed: `pip install sae-lens` into this environment, or into one of its own")
    seconds = sae_lens.measure()["seconds"]
    lines = [("SAELens " + method, sae_lens.best(method), seconds[method]) for method in sae_lens.RATES]
    stored = record.load("sparse_autoencoders_toy")["measured"]
    for method in ours.RATES:
        own = [entry for entry in stored if entry["settings"]["setting"].startswith(f"{method} | ")]
        entry = max(own, key=lambda entry: entry["values"]["cosine"]["mean"])
        lines.append(("saeno " + method, entry, seconds.get(method)))
    print()
    for name, entry, took in lines:
        rate, values = entry["settings"]["setting"].split(" | ")[1], entry["values"]
        shown = [f"{value} {values[value]['mean']:.3f} ± {values[value]['std']:.3f}" for value in ("cosine", "fvu")]
        time = f"{took['mean']:.1f} s" if took else ""
        print(f"{name:20} rate {rate:6} {'  '.join(shown)}  {time}")
