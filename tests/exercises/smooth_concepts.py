"""Answers to the exercises of *Smooth concepts*: right ones, and wrong ones with a part of the reason they get."""

import math

import numpy as np
import torch


def low(values, modes):
    spectrum = torch.fft.rfft(values)
    spectrum[..., modes + 1 :] = 0
    return torch.fft.irfft(spectrum, n=values.shape[-1])


def by_parseval(atom, modes):
    power = np.abs(np.fft.fft(atom.numpy())) ** 2
    frequency = np.abs(np.fft.fftfreq(len(power), 1 / len(power)))
    return math.sqrt(power[frequency <= modes].sum() / power.sum())


def windows(atom, taps):
    sums = [atom.roll(-i)[:taps].square().sum().item() for i in range(len(atom))]
    return math.sqrt(max(sums) / atom.square().sum().item())


def windows_by_convolution(atom, taps):
    square = torch.cat([atom, atom]).square()
    kernel = torch.ones(1, 1, taps, dtype=square.dtype)
    sums = torch.nn.functional.conv1d(square[None, None], kernel)
    return (sums.max() / atom.square().sum()).sqrt()


def matrix_step(w, g, modes, rate):
    n = w.shape[-1]
    u = torch.arange(n).double() / n
    rows = [torch.ones(n).double()]
    for k in range(1, modes + 1):
        rows += [math.sqrt(2) * (2 * math.pi * k * u).cos(), math.sqrt(2) * (2 * math.pi * k * u).sin()]
    basis = torch.stack(rows)
    return w - rate * g @ basis.T @ basis / n


def last_worth(power, p, J):
    floor = power[3 * len(power) // 4 :].mean()
    return (power > (1 + p / J) * floor).nonzero().max()


def last_worth_in_numpy(power, p, J):
    power = power.numpy()
    floor = power[-len(power) // 4 :].mean()
    return int(np.flatnonzero(power - floor > p / J * floor)[-1])


def largest_sum(power, p, J):
    floor = power[3 * len(power) // 4 :].mean()
    return int((power - floor - p / J * floor).cumsum(0).argmax())


RIGHT = {
    1: [
        lambda atom, modes: low(atom, modes).norm() / atom.norm(),
        by_parseval,
        lambda atom, modes: by_parseval(atom.float(), modes),
    ],
    2: [windows, windows_by_convolution, lambda atom, taps: windows_by_convolution(atom.float(), taps)],
    3: [
        lambda w, g, modes, rate: low(w - rate * g, modes),
        matrix_step,
        lambda w, g, modes, rate: low((w - rate * g).float(), modes),
    ],
    4: [last_worth, last_worth_in_numpy, largest_sum],
}
WRONG = {
    1: [
        (lambda atom, modes: low(atom, modes).norm(), "no cosine is above 1"),
        (lambda atom, modes: (low(atom, modes).norm() / atom.norm()) ** 2, "the square of the cosine"),
        (lambda atom, modes: low(atom, modes - 1).norm() / atom.norm(), "frequency 0 is kept"),
    ],
    2: [
        (lambda atom, taps: atom[:taps].norm() / atom.norm(), "may lie anywhere"),
        (lambda atom, taps: windows(atom, taps) ** 2, "the square of the cosine"),
        (lambda atom, taps: windows(atom, taps) * atom.norm() / math.sqrt(len(atom)), "no cosine is above 1"),
        (lambda atom, taps: atom.abs().topk(taps).values.norm() / atom.norm(), "may lie anywhere"),
        (lambda atom, taps: atom.square().unfold(0, taps, 1).sum(1).max().sqrt() / atom.norm(), "across its ends"),
    ],
    3: [
        (lambda w, g, modes, rate: w - rate * g, "it leaves the functions"),
        (lambda w, g, modes, rate: low(w + rate * g, modes), "goes up"),
        (lambda w, g, modes, rate: w - rate * low(g, modes + 1), "and then the projection"),
    ],
    4: [
        (lambda power, p, J: (power > power[48:].mean()).nonzero().max(), "a mode also has a cost"),
        (lambda power, p, J: (power > (1 + p / J) * power[48:60].mean()).sum() - 1, "worth its cost"),
        (lambda power, p, J: (power > 0).nonzero().max(), "worth its cost"),
        (lambda power, p, J: (power > p / J * power[48:].mean()).nonzero().max(), "worth its cost"),
    ],
}
