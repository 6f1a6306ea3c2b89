"""The classic test of dictionary learning beside scikit-learn: share of atoms and seconds, in one run. `make bench`.

The set-up is that of the claim `dictionary-classic`, at seeds of its own. Nothing here passes or fails by a time; that
more atoms are recovered than by the best rival is asserted.
"""

import statistics
import time

import torch

from saeno.book.recovery.dictionary_learning.main import classic, scikit_learn, train
from saeno.metrics import match_atoms

RIVALS = [(learner, alpha) for learner in ("batch", "minibatch") for alpha in (0.1, 0.2, 0.5, 1.0)]
SEEDS = (50, 51, 52)


def recovered(learn, seeds):
    """Mean share of atoms recovered and mean processor seconds of `learn(signal, seed)`."""
    shares, seconds = [], []
    for seed in seeds:
        true, signal = classic(seed)
        start = time.process_time()
        atoms = learn(signal, seed)
        seconds.append(time.process_time() - start)
        shares.append(match_atoms(atoms, true).recovered(0.99))
    return statistics.mean(shares), statistics.mean(seconds)


def bench_classic_test_against_scikit_learn():
    """50 atoms in 20 dimensions, 3-sparse, 1,500 signals, 20 dB; recovered means 1 − |cosine| < 0.01."""

    def rival(learner, alpha):
        def learn(signal, seed):
            other = scikit_learn(learner, alpha, seed).fit(signal.double().numpy())
            return torch.as_tensor(other.components_).float()

        return learn

    ours = recovered(train, SEEDS)
    print(f"\n{'saeno':>14}: {ours[0]:.3f} of the atoms in {ours[1]:.1f} s")
    theirs = {}
    for learner, alpha in RIVALS:
        share, seconds = theirs[learner, alpha] = recovered(rival(learner, alpha), SEEDS)
        print(f"{learner:>10} {alpha}: {share:.3f} of the atoms in {seconds:.1f} s, {seconds / ours[1]:.1f} times ours")
    assert ours[0] >= max(share for share, _ in theirs.values())
