"""Answers to the exercises of *Across resolutions*: right ones, and wrong ones with a part of the reason."""

import numpy as np
import torch

from saeno import ConvDictionary


def by_fft(w, n):
    spectrum = torch.fft.rfft(w, norm="forward")
    return torch.fft.irfft(spectrum, n, norm="forward") * (w.shape[-1] / n) ** 0.5


def by_package(w, n):
    old = ConvDictionary(w.shape[1], w.shape[0], w.shape[2]).double()
    old.weight.data = w
    return old.interpolated(w.shape[2], n, "sinc").weight


def linear(w, n):
    old = ConvDictionary(w.shape[1], w.shape[0], w.shape[2]).double()
    old.weight.data = w
    return old.interpolated(w.shape[2], n, "linear").weight


def by_trying(k, n0, n):
    u = np.arange(n0) / n0
    wanted = np.cos(2 * np.pi * k * u)
    for q in range(n // 2 + 1):
        if q != k and np.abs(np.cos(2 * np.pi * q * u) - wanted).max() < 1e-9:
            return q
    return None


def scaled(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt()


RIGHT = {
    1: [lambda f, length: f * length, lambda f, length: torch.tensor(f) * length],
    2: [
        lambda lam, n0, n: lam * n / n0,
        lambda lam, n0, n: np.float64(lam) / n0 * n,
        lambda *a: torch.tensor(a[0] * a[2] / a[1]),
    ],
    3: [scaled, lambda x: (x - x.mean()) / x.std(correction=0), lambda x: scaled(x.float()).numpy()],
    4: [lambda k, n0, n: n0 - k, by_trying],
    5: [by_fft, by_package],
}
WRONG = {
    1: [
        (lambda f, length: f / length, "waves per unit of length"),
        (lambda f, length: f, "waves per unit of length"),
        (lambda f, length: (f, length), "your mode"),
    ],
    2: [
        (lambda lam, n0, n: lam, "grows from"),
        (lambda lam, n0, n: lam * n0 / n, "grows from"),
        (lambda lam, n0, n: lam * (n / n0) ** 0.5, "grows from"),
    ],
    3: [
        (lambda x: (x - x.mean()) / (x - x.mean()).norm(), "mean square is"),
        (lambda x: (x - x.mean()) / x.std(), "depends on the grid"),
        (lambda x: x / x.square().mean().sqrt(), "the mean of your result"),
        (lambda x: scaled(x).sum(), "your result"),
        (lambda x: 1.005 * scaled(x), "on every grid the mean square"),
    ],
    4: [
        (lambda k, n0, n: k, "are the same too"),
        (lambda k, n0, n: k + n0 // 2, "differ"),
        (lambda k, n0, n: n + k, "no whole number"),
        (lambda k, n0, n: n - k if k else 0, "no whole number"),
    ],
    5: [
        (lambda w, n: by_fft(w, n) * (n / w.shape[-1]) ** 0.5, "times too large"),
        (linear, "other functions"),
        (lambda w, n: torch.nn.functional.pad(w, (0, n - w.shape[-1])), "other functions"),
        (lambda w, n: w, "your taps"),
    ],
}
