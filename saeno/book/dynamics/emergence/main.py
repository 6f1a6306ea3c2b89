"""What do atoms that know no grid look like, after sparse and after Gaussian functions? A minute."""

from __future__ import annotations

from saeno import DenseDictionary
from saeno.book.claims import Claim, Number, Paired
from saeno.book.dynamics.emergence import lab

FUNCTIONS = 8192
# Where the experiment `emergence_rates` leaves least: for events the middle of a plateau from 0.3 to 10, on which rates
# differ by less than one missing shift costs; and Gaussian functions at the rate of the sparse ones.
RATES = {"sparse": 1.0, "Gaussian": 0.01, "Gaussian, as sparse": 1.0}
AXES = {
    "data": ["sparse, ring", "Gaussian, ring", "sparse, wavelet", "Gaussian, wavelet", "Gaussian, as sparse, ring"],
    "seed": range(5),
}
CLAIMS = [
    Claim(
        id="emergence-shifts",
        chapter="dynamics/emergence",
        source="doi:10.1073/pnas.2201854119",
        statement="A dictionary that knows no grid learns localised atoms that are shifts of one another from "
        "shift-invariant functions that are not Gaussian, and does not from Gaussian ones of the same covariance.",
        setting="8192 functions on 32 nodes, two events each, of one concept at random places, with masses ½ to 3/2 "
        "of either sign; Gaussian: the same dictionary driven by white noise of the same variance. 32 atoms, "
        "`Unrolled(TopK(2), 5)`, 250 batches of 128, Adam with a cosine schedule, rates tuned on other seeds by "
        "what is left (for events the middle of a plateau). The concept is a ring, which has all frequencies. "
        "Shares are of atoms that have a cosine above 0.9 with another atom at its best shift; closed: of pairs of "
        "an atom and a shift by nodes, those for which the shifted atom has a cosine above 0.9 with an atom; width: "
        "(Σ a²)²/(32 Σ a⁴), the median. Chance: atoms with the spectra of the learned ones and random phases.",
        finding="With few events the share is {share}, and {closed} of all shifts are there; with Gaussian "
        "functions it is {gaussian}, by chance {chance}, at the rate of the others {same_rate}, and "
        "{gaussian_closed} of the shifts are there. The width is {width} of the nodes against {gaussian_width}, and "
        "{untrained_width} untrained, where the share is {untrained}. The mean cosine with the concept is {concept} "
        "against {gaussian_concept}.",
        verdict="reproduced",
        numbers={
            "share": Number("share", {"data": "sparse, ring"}, least=0.8, possible=(0, 1), form=".2f"),
            "closed": Number("closed", {"data": "sparse, ring"}, least=0.8, possible=(0, 1), form=".2f"),
            "width": Number("width", {"data": "sparse, ring"}, possible=(1 / 32, 1)),
            "concept": Number("concept", {"data": "sparse, ring"}, least=0.95, possible=(0, 1)),
            "gaussian": Number("share", {"data": "Gaussian, ring"}, most=0.3, possible=(0, 1), form=".2f"),
            "chance": Number("chance", {"data": "Gaussian, ring"}, possible=(0, 1), form=".2f"),
            "same_rate": Number("share", {"data": "Gaussian, as sparse, ring"}, most=0.3, possible=(0, 1), form=".2f"),
            "gaussian_closed": Number("closed", {"data": "Gaussian, ring"}, possible=(0, 1), form=".2f"),
            "gaussian_width": Number("width", {"data": "Gaussian, ring"}, possible=(1 / 32, 1)),
            "gaussian_concept": Number("concept", {"data": "Gaussian, ring"}, possible=(0, 1)),
            "untrained": Number("start", {"data": "sparse, ring"}, most=0.3, possible=(0, 1), form=".2f"),
            "untrained_width": Number("start_width", {"data": "sparse, ring"}, possible=(1 / 32, 1)),
        },
        differences={
            "more": Paired("share", "gaussian", least=0.5),
            "more_closed": Paired("closed", "gaussian_closed", least=0.5),
            "by_chance": Paired("gaussian", "chance", most=0.1),
            "narrower": Paired("width", "untrained_width", most=0.5, ratio=True),
            "not_narrower": Paired("gaussian_width", "untrained_width", least=0.8, ratio=True),
        },
    ),
    Claim(
        id="emergence-narrow",
        chapter="dynamics/emergence",
        source="our measurement",
        statement="Where the spectrum of the data is narrow, Gaussian functions give atoms that look like shifts of "
        "one another too, and as often as their spectra alone make likely; they are not closed under shifts.",
        setting="As for the ring, with another concept, which is a smooth packet of few frequencies. Scores as for "
        "the ring.",
        finding="With few events the share is {share}, with Gaussian functions {gaussian}, and {chance} for random "
        "phases with the same spectra. Of all shifts {closed} are there, against {gaussian_closed}.",
        verdict="ours",
        numbers={
            "share": Number("share", {"data": "sparse, wavelet"}, least=0.8, possible=(0, 1), form=".2f"),
            "closed": Number("closed", {"data": "sparse, wavelet"}, least=0.8, possible=(0, 1), form=".2f"),
            "gaussian": Number("share", {"data": "Gaussian, wavelet"}, possible=(0, 1), form=".2f"),
            "chance": Number("chance", {"data": "Gaussian, wavelet"}, least=0.1, possible=(0, 1), form=".2f"),
            "gaussian_closed": Number("closed", {"data": "Gaussian, wavelet"}, most=0.3, possible=(0, 1), form=".2f"),
        },
        differences={
            "by_chance": Paired("gaussian", "chance", most=0.1),
            "more": Paired("share", "gaussian", least=0.3),
            "more_closed": Paired("closed", "gaussian_closed", least=0.5),
        },
    ),
]


def trial(data: str, seed: int) -> dict[str, float]:
    """Train on these; what `lab.described` says of the atoms, at the start too, and what is left of new functions."""
    kind, concept = data.rsplit(", ", 1)
    x, new = (
        lab.functions(kind.split(",")[0], count, s, concept=concept)
        for count, s in ((FUNCTIONS, seed), (1000, 1000 + seed))
    )
    untrained = DenseDictionary(lab.NODES, lab.NODES, seed=seed)
    start = lab.described(lab.atoms(untrained), concept, seed)
    model = lab.dense(x, RATES[kind], seed)
    found = lab.described(lab.atoms(model.dictionary), concept, seed)
    return {**found, "start": start["share"], "start_width": start["width"], "left": lab.left_over(model, new)}
