"""Answers to the exercises of *Lifting*: right ones, and wrong ones with a part of the reason they are given."""

import torch


def gains(d, P, L):
    return (d @ P.T @ L.T * d).sum(1)


def gains_by_the_diagonal(d, P, L):
    return torch.diagonal(d @ L @ P @ d.T)


def shrunk(v, level):
    return v.sign() * (v.abs() - level).clamp(min=0)


def lifted_ista(x, d, P, step, threshold, T):
    z, up = torch.zeros(len(x), len(d), dtype=x.dtype), x @ P
    for _ in range(T):
        z = shrunk(z + step * (up - z @ d) @ d.T, step * threshold)
    return z


def ista_from_plain_zeros(x, d, P, step, threshold, T):
    z = torch.zeros(len(x), len(d))
    for _ in range(T):
        z = shrunk(torch.addmm(z, x @ P - z @ d, step * d.T), step * threshold)
    return z.numpy()


def ista_by_grams(x, d, P, step, threshold, T):
    seen, gram = x @ P @ d.T, d @ d.T
    z = 0 * seen
    for _ in range(T):
        v = z + step * (seen - z @ gram)
        z = (v - step * threshold).clamp(min=0) - (-v - step * threshold).clamp(min=0)
    return z


def ista_in_data_space(x, d, P, step, threshold, T):
    z = torch.zeros(len(x), len(d), dtype=x.dtype)
    for _ in range(T):
        z = shrunk(z + step * (x - z @ d @ P.T) @ P @ d.T, step * threshold)
    return z


def ista_shrinking_too_much(x, d, P, step, threshold, T):
    return lifted_ista(x, d, P, step, threshold / step, T)


def ista_without_threshold(x, d, P, step, threshold, T):
    return lifted_ista(x, d, P, step, 0.0, T)


def one_step_more(x, d, P, step, threshold, T):
    return lifted_ista(x, d, P, step, threshold, T + 1)


def settings(P, step, threshold):
    c = P[0] @ P[0]
    return c * step, threshold / c


def settings_by_the_trace(P, step, threshold):
    c = (P**2).sum().item() / len(P)
    return [c * step, threshold / c]


def hide(a, P):
    extra = torch.randn(len(a), P.shape[1], dtype=a.dtype, generator=torch.Generator().manual_seed(0))
    return a @ P + extra - extra @ P.T @ P


def hide_one_direction(a, P):
    return a @ P + torch.linalg.svd(P).Vh[-1]


def isometric(a, P):
    hidden = torch.linalg.svd(P).Vh[len(P) :]
    return a @ P / 4 + 0.75**0.5 * a @ hidden[: len(P)]


def isometric_with_signs(a, P):
    hidden = torch.linalg.svd(P).Vh.flip(0)[: len(P)]
    return torch.linalg.pinv(P).mm(a.T).T - 0.75**0.5 * a @ hidden


def right_lengths_only(a, P):
    extra = torch.randn(len(a), P.shape[1], dtype=a.dtype, generator=torch.Generator().manual_seed(0))
    extra = extra - extra @ P.T @ P / 4
    return a @ P / 4 + 0.75**0.5 * extra / extra.norm(dim=1, keepdim=True)


RIGHT = {
    1: [gains, gains_by_the_diagonal],
    2: [lifted_ista, ista_by_grams, ista_from_plain_zeros],
    3: [settings, settings_by_the_trace, lambda *given: torch.stack([torch.as_tensor(s) for s in settings(*given)])],
    4: [hide, hide_one_direction],
    5: [isometric, isometric_with_signs],
}
WRONG = {
    1: [
        (lambda d, P, L: (d**2).sum(1), "lifted norms"),
        (lambda d, P, L: (d @ P.T).square().sum(1), "effective norms"),
        (lambda d, P, L: d @ L @ P @ d.T, "should have the shape"),
        (lambda d, P, L: gains(d, P, L).abs().sqrt(), "roots"),
        (lambda d, P, L: (d @ L).square().sum(1), "another number"),
    ],
    2: [
        (ista_in_data_space, "data space"),
        (ista_shrinking_too_much, "the threshold itself"),
        (ista_without_threshold, "differ from ours"),
        (one_step_more, "T + 1 steps"),
    ],
    3: [
        (lambda P, step, threshold: (step, threshold), "your step is 1 times"),
        (lambda P, step, threshold: ((P[0] @ P[0]) * step, threshold), "shrinks by 2.5 times"),
        (lambda P, step, threshold: (step / (P[0] @ P[0]), threshold * (P[0] @ P[0])), "your step is 0.4 times"),
        (lambda P, step, threshold: step, "two numbers"),
        (lambda P, step, threshold: (0.0, threshold), "should be positive"),
    ],
    4: [
        (lambda a, P: a @ P, "no hidden part"),
        (lambda a, P: a @ P + 0.001 * torch.linalg.svd(P).Vh[-1], "no hidden part"),
        (lambda a, P: a @ P + 1.0, "off by"),
        (lambda a, P: a, "should have the shape"),
    ],
    5: [
        (lambda a, P: a @ P / 4, "lengths from 0.5 to 0.5"),
        (lambda a, P: a @ P / 2, "off by"),
        (right_lengths_only, "inner products"),
        (lambda a, P: a @ P / 4 + a @ torch.linalg.svd(P).Vh[len(P) :][: len(P)], "lengths from 1.12 to 1.12"),
    ],
}
