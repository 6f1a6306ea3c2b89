"""SAELens on the toy of superposition: its ReLU and its TopK, on the batches of our own experiment.

`measure` trains them, at each rate and for each seed, and takes the time of both libraries in turn; the record is
stored beside this file, for `saeno.book.peers.recorded`. SAELens is not installed with saeno, since it brings a hundred
packages.

The same for both: the batches, Adam without weight decay, the cosine schedule, a mean (`b_dec`) that starts at zero,
and the objective, whose penalty counts twice in SAELens since its misfit has no ½. Its own are the rest, as it comes:
an encoder and a decoder that start at norm 0.1, gradients clipped at norm 1, and its way with dead concepts.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from time import process_time

import torch
from torch import Tensor

from saeno import fit
from saeno.batches import batches
from saeno.book.experiments import sparse_autoencoders_toy as ours
from saeno.book.peers import recorded
from saeno.book.record import CELLS, fingerprint, spread
from saeno.book.runner import current_versions, run_grid

RECORD = Path(__file__).with_suffix(".json")
RATES = {"standard": ours.ONE_STEP, "top-k": ours.ONE_STEP}
SAME_AS = {"ReLU, L1": "standard", "TopK": "top-k"}
SETTINGS = [f"{method} | {rate}" for method, rates in RATES.items() for rate in rates]


def best(method: str) -> dict:
    """What was measured of "standard" or "top-k" at its best rate: {"settings": …, "values": {"cosine": …}}."""
    measured = recorded("sae_lens")["measured"]
    own = [entry for entry in measured if entry["settings"]["setting"].startswith(f"{method} | ")]
    return max(own, key=lambda entry: entry["values"]["cosine"]["mean"])


class Drawn:
    """The batches of one seed, drawn beforehand: `fit` takes it for a generative model, SAELens for an iterator."""

    def __init__(self, seed: int):
        self.signals = list(islice(batches(ours.toy(seed), ours.BATCH, seed, ()), ours.STEPS))
        self.next = iter(self.signals)

    def sample(self, *_: object) -> tuple[Tensor, None]:
        return next(self.next), None

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        return next(self.next)


def trial(setting: str, seed: int) -> dict[str, float]:
    """Train one of SAELens's models at one rate; what it recovered, and how long the training took."""
    method, rate = setting.split(" | ")
    model, seconds = _theirs(method, float(rate), seed)
    with torch.no_grad():
        code = model.encode(ours.unseen(seed))
        return {**ours.scores(model.W_dec.detach(), model.decode(code), code, seed), "seconds": seconds}


def _theirs(method: str, rate: float, seed: int) -> tuple:
    from sae_lens import StandardTrainingSAE, StandardTrainingSAEConfig, TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(seed)
    size = {"d_in": ours.CHANNELS, "d_sae": ours.CONCEPTS}
    if method == "standard":
        model = StandardTrainingSAE(StandardTrainingSAEConfig(**size, l1_coefficient=2 * ours.L1))
    else:
        model = TopKTrainingSAE(TopKTrainingSAEConfig(**size, k=ours.ACTIVE))
    config = SAETrainerConfig(
        total_training_samples=ours.STEPS * ours.BATCH,
        train_batch_size_samples=ours.BATCH,
        lr=rate,
        lr_end=0.0,
        lr_scheduler_name="cosineannealing",
        dead_feature_window=ours.DEAD_AFTER,
        logger=LoggingConfig(log_to_wandb=False),
    )
    trainer = SAETrainer(config, model, Drawn(seed))
    start = process_time()
    trainer.fit()
    return model.eval(), process_time() - start


def measure() -> dict:
    """Train SAELens's models, at all rates and for all seeds, take times in turn, and store the record."""
    versions = current_versions() | {"sae-lens": version("sae-lens")}
    cells = CELLS / f"sae_lens-{versions['sae-lens']}" / fingerprint(Path(__file__), Path(ours.__file__))
    rows = run_grid(trial, cells, setting=SETTINGS, seed=ours.AXES["seed"])
    measured = []
    for setting in SETTINGS:
        group = [row for row in rows if row.settings["setting"] == setting]
        values = {name: spread([row.result[name] for row in group]) for name in group[0].result}
        measured.append({"settings": {"setting": setting}, "seeds": list(ours.AXES["seed"]), "values": values})
    date = datetime.date.today().isoformat()
    record = {"date": date, "versions": versions, "measured": measured, "seconds": _race()}
    RECORD.write_text(json.dumps(record, indent=1) + "\n")
    return record


def _race(seeds: int = 3, rate: float = 0.006) -> dict[str, dict]:
    """Seconds of a training, ours and theirs in turn, in this process, with one thread; the first round warms up."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times: dict[str, list[float]] = {}
    for seed in range(seeds + 1):
        for method in ours.RATES:
            model, loss = ours.made(method, seed)
            data = Drawn(seed)
            start = process_time()
            fit(model, data, ours.STEPS, batch=ours.BATCH, lr=rate, loss=loss, progress=False)
            times.setdefault(method, []).append(process_time() - start)
            if method in SAME_AS:
                times.setdefault(SAME_AS[method], []).append(_theirs(SAME_AS[method], rate, seed)[1])
    torch.set_num_threads(threads)
    return {name: spread(seconds[1:]) for name, seconds in times.items()}
