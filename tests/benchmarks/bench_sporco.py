"""Convolutional sparse coding with `sporco` beside ours: the lasso, and the kernels. `make bench`; skipped without it.

`sporco` solves the lasso of a convolutional dictionary by ADMM in the Fourier domain, and learns kernels likewise.
In an environment that has saeno too,

    pip install sporco==0.2.2.post1
    python tests/benchmarks/bench_sporco.py

runs the comparison, in a minute or two, and writes `saeno/book/peers/sporco.json`, which the chapter shows.

Signals are divided by √n and atoms are taps of norm 1, so that our lasso on n nodes, whose norms are means, is theirs.
Both get the same signals, the same λ, codes ≥ 0, and the same random taps to start from.
"""

import datetime
import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from time import process_time

import torch

from saeno import ConvDictionary, SparseAutoencoder, Unrolled, fit, losses
from saeno.data import SparseModel
from saeno.data.families import bumps_and_gabors
from saeno.inference import admm, fista
from saeno.metrics import match_atoms
from saeno.sparsity import SoftThreshold

RECORD = Path(__file__).parents[2] / "saeno" / "book" / "peers" / "sporco.json"
NODES, TAPS, KERNELS, ACTIVE, PENALTY = 96, 32, 5, 4, 0.1
NEAR = 1e-3  # of the optimum, relative
# Theirs: ρ of the lasso, and of codes and kernels in learning, the best of several on a seed that is not measured.
RHO, LEARN_RHO, ITERATIONS = 0.3, (1.0, 10.0), 150
RATE, STEPS, BATCH = 0.03, 400, 32  # ours, with Adam


def draw(seed):
    """The true kernels, signals to learn from, and signals to judge."""
    true = bumps_and_gabors(10_000 + seed)
    data = SparseModel(true, active=ACTIVE, signed=False)
    signals = [
        data.sample(count, NODES, torch.Generator().manual_seed(at + seed)).signal
        for count, at in ((256, 30_000), (64, 20_000))
    ]
    return true, *signals


def theirs(signal):
    """Signals as they have them: `(nodes, signals)`, in the units in which taps have norm 1."""
    return (signal[:, 0].double() / NODES**0.5).numpy().T


def lasso(seed):
    """One lasso with the true kernels: objectives of both, and after how many iterations they are near the optimum."""
    import numpy as np
    from sporco.admm import cbpdn

    true, _, signal = draw(seed)
    signal = signal[:8].double()
    bank = ConvDictionary.from_atoms(true.atoms(NODES).double())
    bank.normalize_()
    mine = fista(bank, signal, PENALTY, steps=4000, tolerance=1e-6, positive=True)
    waves = admm(bank, signal, PENALTY, steps=500, tolerance=1e-6, positive=True)
    histories = {"ours": mine.objective.numpy(), "admm": waves.objective.numpy()}
    for name, rho, automatic in (("theirs", RHO, False), ("automatic", None, True)):
        options = {"MaxMainIter": 500, "RelStopTol": 1e-7, "NonNegCoef": True, "AuxVarObj": True}
        options |= {"AutoRho": {"Enabled": automatic}} | ({} if rho is None else {"rho": rho})
        taps = bank.weight[:, 0].detach().numpy().T
        solver = cbpdn.ConvBPDN(taps, theirs(signal), PENALTY, cbpdn.ConvBPDN.Options(options), dimK=1, dimN=1)
        solver.solve()
        histories[name] = np.array(solver.getitstat().ObjFun) / len(signal)
    optimum = histories["ours"][-1]
    found = {
        "apart": abs(histories["theirs"][-1] / optimum - 1),
        "automatic": histories["automatic"][-1] / optimum - 1,
        "gap": mine.gap.max().item(),
    }
    for name in ("ours", "theirs", "admm"):
        found[f"{name}_iterations"] = int((histories[name] < optimum * (1 + NEAR)).argmax())
    return found


def learned(seed):
    """Five kernels from the same signals: the lasso's objective on signals not seen, cosine with the truth, seconds."""
    from sporco.dictlrn import cbpdndl

    true, signal, unseen = draw(seed)
    kernels = {
        "true": ConvDictionary.from_atoms(true.atoms(NODES)),
        "start": ConvDictionary(1, KERNELS, TAPS, seed=seed),
    }
    options = {
        "MaxMainIter": ITERATIONS,
        "CBPDN": {"NonNegCoef": True, "rho": LEARN_RHO[0], "AutoRho": {"Enabled": True}},
        "CCMOD": {"rho": LEARN_RHO[1], "AutoRho": {"Enabled": True}},
    }
    options = cbpdndl.ConvBPDNDictLearn.Options(options, dmethod="cns")
    start = kernels["start"].weight[:, 0].detach().double().numpy().T.copy()
    began = process_time()
    learner = cbpdndl.ConvBPDNDictLearn(start, theirs(signal), PENALTY, options, dmethod="cns", dimK=1, dimN=1)
    learner.solve()
    seconds = {"theirs": process_time() - began}
    kernels["theirs"] = ConvDictionary(1, KERNELS, TAPS)
    kernels["theirs"].weight.data = torch.as_tensor(learner.getdict().reshape(TAPS, KERNELS).T).float()[:, None]
    encoder = Unrolled(SoftThreshold(PENALTY, positive=True), 20, accelerate=True, detach=True)
    model = SparseAutoencoder(ConvDictionary(1, KERNELS, TAPS, seed=seed), encoder)
    began = process_time()
    fit(model, signal, STEPS, BATCH, lr=RATE, loss=losses.objective, seed=seed, progress=False)
    seconds["ours"] = process_time() - began
    kernels["ours"] = model.dictionary
    found = {f"{name}_seconds": value for name, value in seconds.items()}
    for name, bank in kernels.items():
        bank.normalize_()
        found[f"{name}_objective"] = fista(bank, unseen, PENALTY, 1000, 1e-3, positive=True).objective[-1].item()
        found[f"{name}_cosine"] = match_atoms(bank, true, NODES, signed=False).cosine.mean().item()
    return found


def record(seeds=range(5)):
    """What is stored: versions, date, and each number for each seed."""
    runs = [lasso(seed) | learned(seed) for seed in seeds]
    return {
        "peer": "sporco",
        "version": metadata.version("sporco"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
        "seeds": len(runs),
        "values": {name: [float(f"{run[name]:.4g}") for run in runs] for name in runs[0]},
    }


def bench_sporco():
    """Both reach one objective in the lasso; theirs learns kernels that are no worse."""
    import pytest

    pytest.importorskip("sporco", reason="sporco is not installed: pip install sporco==0.2.2.post1")
    found = record(range(1))["values"]
    print({name: value[0] for name, value in found.items()})
    assert found["apart"][0] < 1e-4
    assert found["admm_iterations"][0] <= 1.2 * found["theirs_iterations"][0]
    assert found["theirs_objective"][0] < 1.02 * found["ours_objective"][0]


def bench_admm_time():
    """Our ADMM and theirs, each for as many iterations as bring it to 0.1 % of the optimum."""
    import pytest

    pytest.importorskip("sporco", reason="sporco is not installed: pip install sporco==0.2.2.post1")
    from sporco.admm import cbpdn

    from tests.benchmarks.bench_package import ratio

    steps, (true, _, signal) = lasso(0), draw(0)
    signal = signal[:8].double()
    bank = ConvDictionary.from_atoms(true.atoms(NODES).double()).normalize_()
    options = {"MaxMainIter": steps["theirs_iterations"], "RelStopTol": 0.0, "NonNegCoef": True, "rho": RHO}
    options = cbpdn.ConvBPDN.Options(options | {"AutoRho": {"Enabled": False}})
    taps, given = bank.weight[:, 0].detach().numpy().T, theirs(signal)
    ratio(
        "convolutional lasso, ours : sporco",
        lambda: admm(bank, signal, PENALTY, steps["admm_iterations"], 0.0, positive=True),
        lambda: cbpdn.ConvBPDN(taps, given, PENALTY, options, dimK=1, dimN=1).solve(),
    )


if __name__ == "__main__":
    found = record()
    RECORD.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    json.dump(found, sys.stdout, indent=2, ensure_ascii=False)
