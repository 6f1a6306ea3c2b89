"""Answers to the exercises of *Convolutional sparse coding*: right ones, and wrong ones with a part of the reason."""

import math

import numpy as np
import torch


def circulant(taps, n):
    padded = torch.zeros(n, dtype=taps.dtype)
    padded[: len(taps)] = taps
    return torch.stack([padded.roll(v) for v in range(n)], 1)


def circulant_by_index(taps, n):
    taps = [*map(float, taps), *[0.0] * (n - len(taps))]
    return [[taps[(i - v) % n] for v in range(n)] for i in range(n)]


def not_joined(taps, n):
    matrix = torch.zeros(n, n, dtype=taps.dtype)
    for v in range(n):
        inside = min(len(taps), n - v)
        matrix[v : v + inside, v] = taps[:inside]
    return matrix


def grid(B, q):
    return math.floor(2 * math.pi * B / math.sqrt(2 * (1 - q)))


def grid_by_trying(B, q):
    n = 1
    while 1 - (2 * math.pi * B / (n + 1)) ** 2 / 2 <= q:
        n += 1
    return n


def align(learned, true):
    products = torch.stack([learned.roll(t) @ true for t in range(len(true))])
    tau = int(products.abs().argmax())
    return tau, float(products[tau].sign())


def align_by_fft(learned, true):
    learned, true = np.asarray(learned), np.asarray(true)
    products = np.fft.ifft(np.fft.fft(true) * np.fft.fft(learned).conj()).real
    tau = int(np.abs(products).argmax())
    return tau, np.sign(products[tau])


def beside(learned, true):
    tau, sign = align(learned, true)
    return (tau + 1) % len(true), sign


def without_sign(learned, true):
    products = torch.stack([learned.roll(t) @ true for t in range(len(true))])
    return int(products.argmax()), 1.0


def backwards(learned, true):
    tau, sign = align(learned, true)
    return -tau % len(true), sign


def pursuit(x, w, k):
    left, masses = x.clone(), torch.zeros_like(x)
    shifts = torch.stack([w.roll(v) for v in range(len(x))])
    for _ in range(k):
        found = shifts @ left
        v = found.abs().argmax()
        masses[v] += found[v]
        left = left - found[v] * shifts[v]
    return masses


def pursuit_by_gram(x, w, k):
    x, w = np.asarray(x), np.asarray(w)
    shifts = np.stack([np.roll(w, v) for v in range(len(x))])
    gram, found, masses = shifts @ shifts.T, shifts @ x, np.zeros(len(x))
    for _ in range(k):
        v = np.abs(found).argmax()
        mass = found[v]
        masses[v] += mass
        found = found - mass * gram[v]
    return masses


def top_k(x, w, k):
    found = torch.stack([w.roll(v) for v in range(len(x))]) @ x
    return torch.zeros_like(x).index_copy(0, found.abs().topk(k).indices, found[found.abs().topk(k).indices])


def positive(x, w, k):
    left, masses = x.clone(), torch.zeros_like(x)
    shifts = torch.stack([w.roll(v) for v in range(len(x))])
    for _ in range(k):
        found = shifts @ left
        v = found.argmax()
        masses[v] += found[v]
        left = left - found[v] * shifts[v]
    return masses


def overwritten(x, w, k):
    left, masses = x.clone(), torch.zeros_like(x)
    shifts = torch.stack([w.roll(v) for v in range(len(x))])
    for _ in range(k):
        found = shifts @ left
        v = found.abs().argmax()
        masses[v] = found[v]
        left = left - found[v] * shifts[v]
    return masses


def orthogonal(x, w, k):
    shifts, places, left = torch.stack([w.roll(v) for v in range(len(x))]), [], x
    for _ in range(k):
        places.append(int((shifts @ left).abs().argmax()))
        masses = torch.linalg.lstsq(shifts[places].T, x).solution
        left = x - masses @ shifts[places]
    return torch.zeros_like(x).index_copy(0, torch.tensor(places), masses)


def turned(x, angle):
    angle[0] = angle[-1] = 0
    return torch.fft.irfft(torch.fft.rfft(x) * torch.polar(torch.ones_like(angle), angle), len(x))


def surrogate(x, random):
    return turned(x, 2 * math.pi * torch.rand(len(x) // 2 + 1, generator=random))


def half_a_circle(x, random):
    return turned(x, math.pi * torch.rand(len(x) // 2 + 1, generator=random))


def four_angles(x, random):
    return turned(x, math.pi / 2 * torch.randint(4, (len(x) // 2 + 1,), generator=random).float())


def narrow(x, random):
    return turned(x, torch.randn(len(x) // 2 + 1, generator=random))


def one_angle(x, random):
    return turned(x, 2 * math.pi * torch.rand(1, generator=random) * torch.ones(len(x) // 2 + 1))


def of_torch(x, random):
    return turned(x, 2 * math.pi * torch.rand(len(x) // 2 + 1))


def surrogate_from_noise(x, random):
    noise = torch.fft.rfft(torch.randn(len(x), generator=random).double())
    half = torch.fft.rfft(x)
    made = half.abs() * noise / noise.abs()
    made[0], made[-1] = half[0], half[-1]
    return torch.fft.irfft(made, len(x))


def all_turned(x, random):
    half = torch.fft.rfft(x)
    angle = 1 + 4 * torch.rand(len(half), generator=random)
    return torch.fft.irfft(half * torch.polar(torch.ones_like(angle), angle), len(x))


def signs(x, random):
    half = torch.fft.rfft(x)
    sign = torch.rand(len(half), generator=random).sub(0.5).sign()
    sign[0] = 1
    return torch.fft.irfft(half * sign, len(x))


def shuffled(x, random):
    return x[torch.randperm(len(x), generator=random)]


RIGHT = {
    1: [circulant, circulant_by_index, lambda taps, n: list(circulant(taps, n).float())],
    2: [grid, grid_by_trying],
    3: [align, align_by_fft, lambda learned, true: torch.tensor(align(learned, true))],
    4: [pursuit, pursuit_by_gram, lambda x, w, k: pursuit(x.float(), w.float(), k)],
    5: [surrogate, surrogate_from_noise, lambda x, random: surrogate(x.float(), random)],
}
WRONG = {
    1: [
        (lambda taps, n: circulant(taps, n).T, "stand in the rows"),
        (not_joined, "is not the kernel moved by"),
        (lambda taps, n: circulant(taps, n)[:, : len(taps)], "should have the shape"),
    ],
    2: [
        (lambda B, q: 2 * math.pi * B / math.sqrt(2 * (1 - q)), "whole number of nodes"),
        (lambda B, q: math.ceil(2 * math.pi * B / math.sqrt(2 * (1 - q))), "above q"),
        (lambda B, q: math.floor(2 * math.pi * B / math.sqrt(2)), "would do as well"),
        (lambda B, q: math.floor(4.44 * B / math.sqrt(1 - q)), "would do as well"),
    ],
    3: [
        (without_sign, "the cosine is then"),
        (backwards, "the cosine is then"),
        (beside, "the cosine is then"),
        (lambda learned, true: align(learned, true)[0], "shift and sign"),
    ],
    4: [
        (top_k, "the k largest of one analysis"),
        (positive, "by size, not by value"),
        (overwritten, "what is left has the norm"),
        (orthogonal, "never changes a mass"),
        (lambda x, w, k: pursuit(x, w, k + 1), "entries that are not zero"),
    ],
    5: [
        (all_turned, "the mean has changed"),
        (signs, "not signs"),
        (half_a_circle, "half of it"),
        (four_angles, "come more often"),
        (narrow, "come more often"),
        (one_angle, "for each frequency anew"),
        (of_torch, "the same generator gives two"),
        (shuffled, "the sizes of the coefficients"),
        (lambda x, random: x, "the same surrogate"),
        (lambda x, random: x.roll(int(torch.randint(1, 20, (1,), generator=random))), "for each frequency anew"),
    ],
}
