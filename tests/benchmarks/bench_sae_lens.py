"""SAELens on the toy of superposition: its ReLU and its TopK, on the batches of our own experiment. `make bench`.

SAELens brings about a hundred packages, so it is no dependency of the book, and this is skipped where it is not
installed. In an environment of its own, with saeno beside it,

    pip install sae-lens -e .
    OMP_NUM_THREADS=1 python tests/benchmarks/bench_sae_lens.py

trains it at every rate and for every seed, and writes `saeno/book/peers/sae_lens.json`, which the chapter shows. It
takes some minutes.

The same for both libraries: the batches, Adam without weight decay, the cosine schedule, a mean (`b_dec`) that starts
at zero, and the objective, whose penalty counts twice in SAELens since its misfit has no ½. Its own are the rest, as it
comes: an encoder and a decoder that start at norm 0.1, gradients clipped at norm 1, and its way with dead concepts.
"""

import datetime
import json
from importlib import metadata
from itertools import islice
from pathlib import Path
from time import process_time

import torch

from saeno import fit
from saeno.book.record import spread, tuned
from saeno.book.recovery.sparse_autoencoders import toy as ours
from saeno.book.runner import current_versions
from saeno.training.batches import batches

RECORD = Path(__file__).parents[2] / "saeno" / "book" / "peers" / "sae_lens.json"
RATES = {"standard": ours.ONE_STEP, "top-k": ours.ONE_STEP}
SEEDS = list(ours.AXES["seed"])
RIVALS = {"ReLU, L1": "standard", "TopK": "top-k"}  # whose time is taken just after ours


class Drawn:
    """The batches of one seed, drawn beforehand: `fit` takes it for a generative model, SAELens for an iterator."""

    def __init__(self, seed):
        self.signals = iter(list(islice(batches(ours.toy(seed), ours.BATCH, seed, ()), ours.STEPS)))

    def sample(self, *_):
        return next(self.signals), None

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.signals)


def theirs(method, rate, seed):
    """A model of SAELens, trained, and the seconds that took."""
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


def measure(method, rate, seed):
    """What SAELens recovers, by the scores of our own experiment."""
    model, _ = theirs(method, rate, seed)
    with torch.no_grad():
        code = model.encode(ours.unseen(seed))
        return ours.scores(model.W_dec.detach(), model.decode(code), code, seed)


def race(rounds=5, rate=0.006):
    """Seconds of one training by each method of both libraries: the least of several, taken in turn on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times = {}
    for seed in range(rounds):
        for method in ours.RATES:
            model, loss = ours.made(method, seed)
            data = Drawn(seed)
            start = process_time()
            fit(model, data, ours.STEPS, batch=ours.BATCH, lr=rate, loss=loss, progress=False)
            times.setdefault(method, []).append(process_time() - start)
            if method in RIVALS:
                times.setdefault(RIVALS[method], []).append(theirs(RIVALS[method], rate, seed)[1])
    torch.set_num_threads(threads)
    return {name: round(min(seconds), 3) for name, seconds in times.items()}


def record():
    """What is stored: versions, date, the numbers of every method, rate and seed, and the seconds of a training."""
    measured = []
    for method, rates in RATES.items():
        for rate in rates:
            found = [measure(method, rate, seed) for seed in SEEDS]
            values = {name: spread([each[name] for each in found]) for name in found[0]}
            measured.append({"settings": {"setting": f"{method} | {rate}"}, "seeds": SEEDS, "values": values})
            print(f"{method:>10} {rate:<6} cosine {values['cosine']['mean']:.3f} ± {values['cosine']['std']:.3f}")
    return {
        "peer": "SAELens",
        "date": datetime.date.today().isoformat(),
        "versions": current_versions() | {"sae-lens": metadata.version("sae-lens")},
        "measured": measured,
        "seconds": race(),
    }


def bench_sae_lens_on_the_toy_of_superposition():
    """One seed of each of its methods, at the best rate, agrees with what is stored; and times, in turn with ours."""
    import pytest

    pytest.importorskip("sae_lens", reason="SAELens is not installed: pip install sae-lens")
    stored = json.loads(RECORD.read_text())
    for method in RATES:
        best = tuned(stored, method)
        found = measure(method, best.rate, SEEDS[0])["cosine"]
        print(f"\n{method:>12}: cosine {found:.3f}, stored {best.values['cosine'].mean:.3f}", end="")
        assert abs(found - best.values["cosine"].mean) < 0.05, method
    seconds = race(rounds=2)
    for method, took in seconds.items():
        print(f"\n{method:>12}: {took:.2f} s, stored {stored['seconds'][method]:.2f} s", end="")


if __name__ == "__main__":
    RECORD.write_text(json.dumps(record(), indent=1) + "\n")
    print(json.dumps(json.loads(RECORD.read_text())["seconds"]))
