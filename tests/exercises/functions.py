"""Answers to the exercises of *Signals are functions*: right ones, and wrong ones with a part of the reason."""

import math

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


def between(p, q, i, n, lam):
    mass = p + q + lam
    return (i + (q + lam / 2) / mass) / n, mass


def by_the_difference(p, q, i, n, lam):
    a = p + q + lam
    return i / n + (1 - (p - q) / a) / (2 * n), torch.tensor(a)


def centre_of_mass(p, q, i, n, lam):
    return (i + q / (p + q)) / n, p + q + lam


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


def as_densities(values, k):
    place, height = peaks(values, k)
    return place, len(values) * height


RIGHT = {
    1: [lambda k, n: min(k % n, -k % n), by_trying, lambda k, n: abs((k + n // 2) % n - n // 2)],
    2: [lambda code, K: torch.fft.fft(code, norm="forward")[: K + 1], by_hand],
    3: [between, by_the_difference],
    4: [peaks, peaks_in_numpy],
    5: [
        lambda u, v, M: (2 * math.pi * M * (u - v)).cos(),
        lambda u, v, M: 1 - 2 * np.sin(np.pi * M * (np.asarray(u) - v)) ** 2,
    ],
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
        (centre_of_mass, "not from their difference"),
        (lambda p, q, i, n, lam: ((i + (q + lam / 2) / (p + q + lam)) / n, p + q), "is read as"),
        (lambda p, q, i, n, lam: (i + (q + lam / 2) / (p + q + lam), p + q + lam), "of the way from node"),
        (lambda p, q, i, n, lam: p + q + lam, "position and mass"),
    ],
    4: [
        (largest_nodes, "a peak of height"),
        (not_joined, "should have the shape"),
        (as_densities, "high, and you say"),
        (lambda values, k: values.topk(k).values, "two lists"),
    ],
    5: [
        (lambda u, v, M: (2 * math.pi * M * u).cos(), "should have their signs"),
        (lambda u, v, M: (2 * math.pi * M * (u - v)).cos().sign(), "frequencies above"),
        (lambda u, v, M: 1 - 4 * M * (u - v).abs(), "reaches"),
        (lambda u, v, M: (math.pi * M * (u - v)).cos(), "should have their signs"),
    ],
}
