"""One dictionary, learned by a pursuit, and several rules of joint sparsity on twice the nodes. A minute."""

from __future__ import annotations

import torch

from saeno import GroupSoftThreshold, JointTopK, MatchingPursuit, OnGrid, TopK, Unrolled
from saeno.book.claims import Claim, Number, Paired
from saeno.book.operators.joint_sparsity import lab
from saeno.metrics import compare_codes
from saeno.seeds import generator

FEW, STEPS = 40, 50
GRIDS = (lab.NODES, 2 * lab.NODES, 4 * lab.NODES)
ENCODERS = {
    "pursuit": MatchingPursuit(8, concepts=4),
    "nodes": Unrolled(TopK(8), 8),
    "ranked": Unrolled(JointTopK(4, 0.1), STEPS, accelerate=True),
    "group": Unrolled(GroupSoftThreshold(0.1), STEPS, accelerate=True),
    "sparse group": Unrolled(GroupSoftThreshold(0.02, 0.15), STEPS, accelerate=True),
}
AXES = {"images": ("digits", "photographs"), "seed": range(5)}


def trial(images: str, seed: int) -> dict[str, float]:
    """For each rule: concepts per image, those in use, agreement of concepts and codes, the same by chance."""
    dictionary = lab.trained(images, "limited 4", seed).dictionary.requires_grad_(False)
    functions = lab.part(lab.pictures(images), tested=True)
    signals = [functions.atoms((n, n))[:FEW] for n in GRIDS]
    shuffled = torch.randperm(FEW, generator=generator(seed))
    found = {}
    for name, encoder in ENCODERS.items():
        codes = [encoder(dictionary, signal) for signal in signals]
        use = [lab.active(code) for code in codes]
        found |= {
            f"{name}: per image": use[0].double().sum(1).mean().item(),
            f"{name}: in use": float((use[0].double().mean(0) > 0.01).sum()),
            f"{name}: domain": (codes[0] != 0).sum().item() / (use[0].sum().item() * lab.NODES**2),
            f"{name}: by chance": lab.jaccard(use[0], use[0][shuffled]),
            f"{name}: cosine by chance": compare_codes(codes[0][shuffled], codes[0], 1 / 16).cosine,
            f"{name}: fvu 20": lab.unexplained(signals[1], dictionary.synthesis(codes[1])),
        }
        own = OnGrid(encoder, (GRIDS[1],) * 2)(dictionary, signals[0])
        found |= {
            f"{name}: own grid": lab.jaccard(lab.active(own), use[1]),
            f"{name}: own grid, apart": compare_codes(own, codes[1], 1 / 16).relative_l2,
        }
        for i in (1, 2):
            apart = compare_codes(codes[i], codes[i - 1], 1 / 16)
            found[f"{name}: same {GRIDS[i]}"] = lab.jaccard(use[i - 1], use[i])
            found[f"{name}: cosine {GRIDS[i]}"] = apart.cosine
            found[f"{name}: apart {GRIDS[i]}"] = apart.relative_l2
    return found


def _share(value: str, **bounds: float) -> Number:
    return Number(value, {"images": "digits"}, possible=(0.0, 1.0), **bounds)


CLAIMS = [
    Claim(
        id="joint-grids",
        chapter="operators/joint-sparsity",
        source="our derivation",
        statement="With at most a quarter of the concepts active, group penalties choose the same ones on twice the "
        "nodes, far beyond chance, if the grid is not the coarsest one possible; a count of nodes or a greedy pursuit "
        "does not.",
        setting="16 concepts learned from digits by a pursuit limited to four, on 10 by 10 nodes; the same dictionary "
        "then with each rule: 8 nodes in eight steps of hard thresholding, the pursuit, JointTopK(4, 0.1), and group "
        "thresholds of 0.1, or 0.02 with 0.15 for places, all in 50 steps of FISTA. 40 test images on 10, 20 and 40 "
        "nodes. Jaccard's index of the concepts in use; by chance: for another image. Own grid: images on 10 and on "
        "20 nodes, codes on 20 (`OnGrid`).",
        finding="From 10 to 20 nodes the sparse group penalty keeps {sparse} of the concepts ({sparse_chance} by "
        "chance), from 20 to 40 {sparse_40}, with {sparse_count} concepts in an image, each on {sparse_domain} of the "
        "domain; its codes have the cosine {sparse_cosine} ({sparse_cosine_chance} by chance) and are {sparse_apart} "
        "apart. The group penalty alone keeps {group} ({group_chance}). Ranked by norm {ranked} ({ranked_chance}), "
        "the pursuit {pursuit} ({pursuit_chance}), a count of nodes {nodes} ({nodes_chance}); from 20 to 40 nodes the "
        "pursuit {pursuit_40}. With codes on a grid of their own: sparse group {sparse_own}, pursuit {pursuit_own}, a "
        "count of nodes {nodes_own}.",
        verdict="shown",
        numbers={
            "sparse": _share("sparse group: same 20", least=0.85),
            "sparse_chance": _share("sparse group: by chance", most=0.6),
            "sparse_own": _share("sparse group: own grid", least=0.99),
            "sparse_40": _share("sparse group: same 40", least=0.95),
            "sparse_count": Number("sparse group: per image", {"images": "digits"}, most=4, form=".1f"),
            "sparse_domain": _share("sparse group: domain", most=0.25),
            "sparse_cosine_chance": _share("sparse group: cosine by chance", most=0.6),
            "sparse_cosine": _share("sparse group: cosine 20", least=0.98),
            "sparse_apart": _share("sparse group: apart 20", most=0.15),
            "group": _share("group: same 20", least=0.99),
            "group_chance": _share("group: by chance", most=0.7),
            "ranked": _share("ranked: same 20", least=0.9),
            "ranked_chance": _share("ranked: by chance"),
            "pursuit": _share("pursuit: same 20", most=0.6),
            "pursuit_chance": _share("pursuit: by chance"),
            "pursuit_40": _share("pursuit: same 40", most=0.7),
            "pursuit_own": _share("pursuit: own grid", least=0.99),
            "nodes": _share("nodes: same 20", most=0.6),
            "nodes_chance": _share("nodes: by chance"),
            "nodes_own": _share("nodes: own grid", least=0.95),
        },
        differences={
            "sparse_beyond": Paired("sparse", "sparse_chance", least=0.3),
            "group_beyond": Paired("group", "group_chance", least=0.3),
            "cosine_beyond": Paired("sparse_cosine", "sparse_cosine_chance", least=0.3),
            "over_pursuit": Paired("sparse", "pursuit", least=0.3),
            "over_pursuit_40": Paired("sparse_40", "pursuit_40", least=0.3),
            "over_nodes": Paired("sparse", "nodes", least=0.3),
            "nodes_beyond": Paired("nodes", "nodes_chance", most=0.2),
        },
    ),
]
