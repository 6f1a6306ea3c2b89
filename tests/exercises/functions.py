"""Answers to the exercises of *Signals are functions*: right ones, and wrong ones with a part of the reason."""

import numpy as np
import torch


def by_trying(k, n):
    nodes = np.arange(n) / n
    wave = np.cos(2 * np.pi * k * nodes)
    errors = [np.abs(np.cos(2 * np.pi * low * nodes) - wave).max() for low in range(n // 2 + 1)]
    return int(np.argmin(errors))


def by_hand(code, K):
    code = np.asarray(code)
    nodes = np.arange(len(code)) / len(code)
    return np.array([(code * np.exp(-2j * np.pi * k * nodes)).mean() for k in range(K + 1)])


def peaks(values, k):
    neighbours = torch.maximum(values.roll(1), values.roll(-1))
    top = values.where(values > neighbours, -torch.inf).topk(k)
    return top.indices / len(values), top.values


def peaks_in_numpy(values, k):
    values = np.asarray(values)
    n = len(values)
    found = [i for i in range(n) if values[i] > values[i - 1] and values[i] > values[(i + 1) % n]]
    found = sorted(found, key=lambda i: -values[i])[:k]
    return [i / n for i in found], [values[i] for i in found]


def largest_nodes(values, k):
    top = values.topk(k)
    return top.indices / len(values), top.values


def not_joined(values, k):
    inner = [i for i in range(1, len(values) - 1) if values[i] > values[i - 1] and values[i] > values[i + 1]]
    inner = sorted(inner, key=lambda i: -float(values[i]))[:k]
    return [i / len(values) for i in inner], [values[i] for i in inner]


def by_place(values, k):
    place, height = peaks(values, k)
    return place.sort().values, height[place.argsort()]


def as_densities(values, k):
    place, height = peaks(values, k)
    return place, len(values) * height


def by_folding(p, B, M):
    """Counts nodes until no frequency of the power passes for one of those that are wanted."""
    n = 1
    while any(abs(k - j) % n == 0 for k in range(-p * B, p * B + 1) for j in range(-M, M + 1) if k != j):
        n += 1
    return n


RIGHT = {
    1: [lambda k, n: min(k % n, -k % n), by_trying, lambda k, n: abs((k + n // 2) % n - n // 2)],
    2: [lambda code, K: torch.fft.fft(code, norm="forward")[: K + 1], by_hand],
    3: [peaks, peaks_in_numpy, lambda values, k: np.array(peaks_in_numpy(values, k))],
    4: [lambda p, B, M: p * B + M + 1, by_folding],
}
WRONG = {
    1: [
        (lambda k, n: k % n, "not between 0 and n/2"),
        (lambda k, n: min(k, n // 2), "have other values"),
        (lambda k, n: k, "not between 0 and n/2"),
    ],
    2: [
        (lambda code, K: torch.fft.fft(code)[: K + 1], "total mass"),
        (lambda code, K: torch.fft.ifft(code)[: K + 1], "not those of the measure"),
        (lambda code, K: torch.fft.fft(code, norm="forward")[:K], "there should be 6"),
        (lambda code, K: torch.fft.fft(code, norm="ortho")[: K + 1], "total mass"),
    ],
    3: [
        (largest_nodes, "a peak of height"),
        (not_joined, "should have the shape"),
        (as_densities, "high, and you say"),
        (lambda values, k: values.topk(k).values, "two lists"),
        (by_place, "the largest comes first"),
        (lambda values, k: peaks(values, k)[::-1], "the two lists exchanged"),
        (lambda values, k: (peaks(values, k)[0] * len(values), peaks(values, k)[1]), "numbers of nodes"),
    ],
    4: [
        (lambda p, B, M: p * B + M, "a coefficient is"),
        (lambda p, B, M: 2 * p * B + 1, "it is exact on"),
        (lambda p, B, M: B + M + 1, "a coefficient is"),
        (lambda p, B, M: p * B / 4 + M, "you say"),
        (lambda p, B, M: 10**12, "it is exact on"),
    ],
}
