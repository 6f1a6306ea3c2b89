"""Answers to the exercises of *Joint sparsity*: right ones, and wrong ones with a part of the reason."""

import numpy as np
import torch


def mean_norm(z):
    return z.square().mean(-1, keepdim=True).sqrt()


def block(v, lam):
    return v * (1 - lam / mean_norm(v)).clamp(min=0)


def block_in_numpy(v, lam):
    v = np.asarray(v)
    size = np.sqrt((v**2).mean(1, keepdims=True))
    return np.where(size > lam, v * (1 - lam / size), 0)


def entries(v, lam):
    return v.sign() * (v.abs() - lam).clamp(min=0)


def sparse_group(v, lam, mu):
    return block(entries(v, mu), lam).nan_to_num()


def sparse_group_by_rows(v, lam, mu):
    rows = []
    for row in v:
        u = row.sign() * (row.abs() - mu).clamp(min=0)
        size = u.square().mean().sqrt()
        rows.append(u * (1 - lam / size) if size > lam else 0 * u)
    return torch.stack(rows)


def scrambled(image):
    noise = torch.fft.fft2(torch.randn(image.shape, generator=torch.Generator().manual_seed(0)).double())
    return torch.fft.ifft2(torch.fft.fft2(image) * noise / noise.abs()).real


def between_nodes(image):
    """Moved by a third of a node along one axis."""
    wave = torch.fft.fftfreq(len(image), dtype=torch.double)
    return torch.fft.ifft2(torch.fft.fft2(image) * torch.exp(-2j * torch.pi * wave / 3)[:, None]).real


def half_moved(image):
    half = len(image) // 2
    return torch.cat([image[:half].roll(2, 1), image[half:]])


def chance_in_numpy(p):
    p = np.asarray(p)
    return (p * p).sum() / (1 - (1 - p) ** 2).sum()


RIGHT = {
    1: [
        lambda z: z.flatten(1).square().mean(1).sqrt(),
        lambda z: np.sqrt((np.asarray(z) ** 2).reshape(len(z), -1).mean(1)),
        lambda z: z.float().flatten(1).square().mean(1).sqrt().tolist(),
    ],
    2: [block, block_in_numpy, lambda v, lam: block(v.float(), lam)],
    3: [sparse_group, sparse_group_by_rows, lambda v, lam, mu: sparse_group(v.float(), lam, mu)],
    4: [lambda p: (p**2).sum() / (2 * p - p**2).sum(), chance_in_numpy],
    5: [lambda d: d.flip(0, 1), scrambled, lambda d: d.float().flip(0, 1).numpy()],
}
WRONG = {
    1: [
        (lambda z: z.flatten(1).norm(dim=1), "sums over the nodes"),
        (lambda z: z.flatten(1).abs().mean(1), "the first norm is"),
        (lambda z: z.square().mean(-1).sqrt().flatten(), "should have the shape"),
    ],
    2: [
        (entries, "keep its shape"),
        (lambda v, lam: v * (1 - lam / mean_norm(v)), "should be gone"),
        (lambda v, lam: v * (1 - lam / v.norm(dim=1, keepdim=True)).clamp(min=0), "should become"),
        (lambda v, lam: v * (mean_norm(v) > lam), "should become"),
        (lambda v, lam: torch.where(mean_norm(v) < 0.9, v * (mean_norm(v) > 0.2), block(v, lam)), "nothing should be"),
    ],
    3: [
        (lambda v, lam, mu: entries(block(v, lam), mu), "thresholded first"),
        (lambda v, lam, mu: block(v, lam + mu), "thresholded first"),
        (lambda v, lam, mu: entries(v, lam + mu), "thresholded first"),
        (lambda v, lam, mu: block(entries(v, mu), lam), "its norm is 0"),
    ],
    4: [
        (lambda p: p.mean(), " it is "),
        (lambda p: (p**2).sum() / p.sum(), " it is "),
        (lambda p: (p / (2 - p)).mean(), " it is "),
    ],
    5: [
        (lambda d: d.roll((3, 2), (0, 1)), "up to its place"),
        (lambda d: -d, "up to its place"),
        (lambda d: torch.randn(11, 11), "power spectra"),
        (lambda d: torch.randn(12, 12), "the shape"),
        (half_moved, "power spectra"),
        (lambda d: d.flip(0), "power spectra"),
        (lambda d: -between_nodes(d), "up to its place"),
    ],
}
