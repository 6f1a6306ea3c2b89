"""Which dictionary and which inference fit data, in words: each choice with the number that decided it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from saeno import composition, metrics
from saeno.autoencoder import SparseAutoencoder
from saeno.checks import tensor, whole
from saeno.data import mean, mirrored, scale
from saeno.seeds import generator
from saeno.training import fit

MOST = 2048  # signals that are looked at
JUMP = 2.0  # ends that differ by more than so many steps are no neighbours
ROUGH = 0.01  # share of the energy in the upper half of the frequencies
NEGATIVE = 1e-3  # share of the energy
GOOD = 0.1  # fraction of variance unexplained at which a code has entries enough
GAIN = 2 / 3  # twice as many entries should leave less than this of what was left
NEARLY = 1.5  # one step is taken when it leaves little, or no more than this times what pursuit leaves
MOST_ACTIVE = 32
PURSUIT, TOP = "MatchingPursuit", "OneStep(TopK)"
REASONS = {
    True: "top-k would take the neighbours of one peak before the next peak",
    False: "one layer of a network, which is fast, does well enough",
}


class Choice(NamedTuple):
    """A question about the data, and what came of it."""

    question: str
    answer: str
    number: str
    """What was measured."""
    reason: str


@dataclass(frozen=True)
class Advice:
    """What `advise` found: a table when it is printed.

    choices: one for each question.
    description: the composition that follows, as of `SparseAutoencoder.describe`.
    mirror: whether signals should be mirrored first, by `saeno.data.mirrored`.
    middle: the mean of the data, `(channels,)`, for the model's; None where codes are positive.
    """

    choices: tuple[Choice, ...]
    description: dict[str, Any]
    mirror: bool
    middle: Tensor | None

    def model(self) -> SparseAutoencoder:
        """The model that fits, with fresh atoms. Signals that are to be mirrored go through `prepared` first."""
        return _composed(self.description, self.middle)

    def prepared(self, x: Tensor) -> Tensor:
        """Signals as the model is to see them: in float32, and mirrored where that is said."""
        return mirrored(x.float()) if self.mirror else x.float()

    def config(self, data: str = "x.npy", steps: int = 1000) -> dict[str, Any]:
        """The same for `python -m saeno`, as plain data."""
        place = {"file": data, "mirror": True} if self.mirror else data
        model = {**self.description, "scale": True}
        return {"model": model, "data": place, "training": {"steps": steps, "batch": 64, "lr": 0.01, "seed": 0}}

    def _repr_markdown_(self) -> str:
        lines = [f"| {' | '.join(line)} |" for line in (Choice._fields, ["---"] * len(Choice._fields), *self.choices)]
        return "\n".join(lines)

    def __str__(self) -> str:
        rows = [Choice._fields, *self.choices]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]) for row in rows
        )


def advise(x: Tensor, trial: int = 400, seed: int = 0) -> Advice:
    """What dictionary and what inference fit signals, and why.

        advice = saeno.advise(x)
        print(advice)
        saeno.fit(advice.model(), advice.prepared(x), steps=1000)

    Args:
        x: `(samples, channels, *grid)`; of more than 2048 samples so many are looked at, by chance.
        trial: steps of the short trainings that find how many entries a code needs; 0: none, and it is a guess.
        seed: of the choice of samples.

    Functions are periodic when their ends differ by no more than two steps from node to node. They are smooth when at
    most a hundredth of their energy is in the upper half of the frequencies (of those that are not periodic, under a
    Hann window). Codes are positive when the data are. A code has entries enough when a tenth of the variance is left,
    or when twice as many take off less than a third of it, on samples that the trial did not see.

    It is where to begin, not a theorem: the thresholds are ours, and each number is there to be doubted. Raises
    ValueError for fewer than 20 samples, and for data that do not vary or are not finite. Source: our derivation.
    """
    tensor(x, "x", "(samples, channels, *grid)")
    trial, seed = whole(trial, "trial", least=0), whole(seed, "seed", least=0)
    if len(x) < 20:
        raise ValueError(f"x has {len(x)} samples: should have 20 at least, to tell what is usual")
    x = x.detach().cpu()[torch.randperm(len(x), generator=generator(seed))[:MOST]]
    size = _size(x)
    positive, choices = _signs(x)
    middle = None if positive else mean(x)
    centred = x if middle is None else x - middle.view(-1, *[1] * (x.dim() - 2))
    grid = tuple(x.shape[2:])
    kind = "function" if grid else "vector"
    reason = "concepts may be anywhere on the grid" if grid else "DenseDictionary: a concept is active or not"
    kind = Choice("vector or function?", kind, f"grid {grid}", reason)
    mirror = False
    if grid:
        periodic, ends = _ends(x)
        smooth, spectrum, modes = _smoothness(centred, periodic)
        mirror = smooth and not periodic
        if smooth:
            modes = [2 * m if mirror else m for m in modes]  # a mirrored function has twice the length
            dictionary = {"class": "FourierDictionary", "channels": x.shape[1], "concepts": 32, "modes": modes}
        else:
            dictionary = {
                "class": "ConvDictionary",
                "channels": x.shape[1],
                "concepts": 32,
                "support": [_reach(centred, axis) for axis in range(2, x.dim())],
            }
        choices = [kind, ends, spectrum, *choices]
    else:
        count, width = _width(centred)
        dictionary = {"class": "DenseDictionary", "channels": x.shape[1], "concepts": count}
        choices = [kind, width, *choices]

    def described(kind: str, k: int) -> dict[str, Any]:
        top = {"class": PURSUIT, "k": k, "positive": positive}
        if kind == TOP:
            top = {"class": "OneStep", "sparsity": {"class": "TopK", "k": k, "positive": positive}}
        own = {} if middle is None else {"mean": True}
        return {"dictionary": dictionary, "inference": top, "dtype": "float32", **own, "scale": size}

    shown = (mirrored(centred) if mirror else centred).float()
    description, active = _fewest(described, shown, trial)
    return Advice((*choices, *active), description, mirror, None if middle is None else middle.float())


def _size(x: Tensor) -> float:
    try:
        return float(f"{scale(x):.6g}")
    except ValueError as error:
        raise ValueError("x has the same value everywhere: should vary, to say anything") from error


def _signs(x: Tensor) -> tuple[bool, list[Choice]]:
    share = (x.clamp(max=0).double().square().sum() / x.double().square().sum()).item()
    positive = share <= NEGATIVE
    reason = (
        "codes are positive: concepts add, and none takes back another" if positive else "codes may have both signs"
    )
    reason += "; no mean is taken off" if positive else "; a mean is learned"
    answer = "positive" if positive else "signed"
    return positive, [Choice("signed?", answer, f"{share:.1%} of the energy is below 0", reason)]


def _ends(x: Tensor) -> tuple[bool, Choice]:
    """Whether the ends of functions differ by no more than neighbours do, on all axes."""
    ratios = []
    for axis in range(2, x.dim()):
        ends = (x.select(axis, 0) - x.select(axis, -1)).double().square().mean().sqrt()
        steps = x.diff(dim=axis).double().square().mean().sqrt()
        ratios.append((ends / steps.clamp(min=torch.finfo(steps.dtype).tiny)).item())
    periodic = max(ratios) <= JUMP
    reason = "the ends are neighbours, as on the torus" if periodic else "on the torus the ends would be a jump"
    number = f"the ends differ by {max(ratios):.1f} steps"
    return periodic, Choice("periodic?", "yes" if periodic else "no", number, reason)


def _smoothness(x: Tensor, periodic: bool) -> tuple[bool, Choice, list[int]]:
    """Whether hardly any energy is in the upper half of the frequencies, and how many modes hold it, on each axis."""
    shares, modes = [], []
    for axis in range(2, x.dim()):
        nodes = x.shape[axis]
        along = x.movedim(axis, -1).double()
        if not periodic:
            along = along * torch.hann_window(nodes, dtype=torch.float64)
        energy = torch.fft.rfft(along).abs().square().flatten(0, -2).sum(0)
        energy[1 : (nodes + 1) // 2] *= 2
        within = energy.cumsum(0) / energy.sum()
        shares.append(1 - within[nodes // 4].item())
        modes.append(min(int((within < 0.999).sum()), max(1, nodes // 4)) or 1)
    smooth, number = max(shares) <= ROUGH, f"{max(shares):.2%} of the energy is in the upper half of the frequencies"
    reason = f"FourierDictionary: {modes} modes hold a function at every point, on any grid"
    if not smooth:
        reason = "ConvDictionary: kernels on the nodes hold jumps and spikes, which few modes do not"
    elif not periodic:
        reason += "; mirrored first, so that no jump is at the ends"
    return smooth, Choice("smooth?", "yes" if smooth else "no", number, reason), modes


def _reach(x: Tensor, axis: int) -> int:
    """Nodes of a kernel: to both sides twice the lag at which the correlation of a signal has fallen to a half."""
    nodes = x.shape[axis]
    along = x.movedim(axis, -1).double()
    correlation = torch.fft.irfft(torch.fft.rfft(along, 2 * nodes).abs().square().flatten(0, -2).sum(0))[:nodes]
    below = correlation < correlation[0] / 2
    lag = int(below.int().argmax()) if below.any() else nodes
    return max(1, min(4 * lag + 1, nodes // 2))


def _width(x: Tensor) -> tuple[int, Choice]:
    """How many concepts: four for each direction that the data take."""
    energy = torch.linalg.eigvalsh(x.double().T @ x.double()).flip(0).clamp(min=0)
    directions = int((energy.cumsum(0) < 0.99 * energy.sum()).sum()) + 1
    count = max(16, 4 * directions)
    number = f"{directions} directions hold 99 % of the variance"
    return count, Choice(
        "how many concepts?", str(count), number, "four for each direction; more if all of them are used"
    )


def _fewest(
    described: Callable[[str, int], dict[str, Any]], x: Tensor, trial: int
) -> tuple[dict[str, Any], list[Choice]]:
    """How many entries a code needs, and by which inference, from short trainings on a part of the samples."""
    question, functions = "how many active?", x.dim() > 2
    if trial == 0:
        kind = PURSUIT if functions else TOP
        guess = Choice(question, "4", "not measured", "a guess, since trial = 0")
        return described(kind, 4), [guess, Choice("which inference?", kind, "not measured", REASONS[functions])]
    aside = max(4, min(256, len(x) // 4))
    held, rest = x[:aside], x[aside:]

    def error(kind: str, k: int) -> float:
        model = _composed(described(kind, k), None)
        fit(model, rest, trial, min(32 if functions else 64, len(rest)), progress=False)
        with torch.no_grad():
            return metrics.fvu(held, torch.cat([model.reconstruct(part) for part in held.split(64)]))

    k, errors = 1, {1: error(PURSUIT, 1)}
    gained, reason = False, "the fewest that leave a tenth of the variance"
    while errors[k] > GOOD:
        if 2 * k > min(MOST_ACTIVE, held[0].numel()):
            reason = "more were not tried"
            break
        errors[2 * k] = error(PURSUIT, 2 * k)
        less = errors[2 * k] <= GAIN * errors[k]
        if gained and not less:
            reason = "twice as many leave hardly less"
            break
        gained, k = less, 2 * k
    number = "unexplained: " + ", ".join(f"{value:.2f} with {k}" for k, value in errors.items())
    found, kind, measured = errors[k], PURSUIT, "not compared"
    if not functions:
        one = error(TOP, k)
        kind = TOP if one <= max(GOOD, NEARLY * found) else PURSUIT
        measured = f"unexplained: {one:.2f} by one step, {found:.2f} by pursuit"
    why = (
        REASONS[True]
        if functions
        else REASONS[False]
        if kind == TOP
        else "one step mixes up concepts that are not orthogonal"
    )
    return described(kind, k), [
        Choice(question, str(k), number, reason),
        Choice("which inference?", kind, measured, why),
    ]


def _composed(description: dict[str, Any], middle: Tensor | None) -> SparseAutoencoder:
    made = {part: composition.build(description[part]) for part in ("dictionary", "inference")}
    return SparseAutoencoder(**made, mean=middle, scale=description["scale"])
