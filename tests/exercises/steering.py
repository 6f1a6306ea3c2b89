"""Answers to the exercises of *Steering an operator by its concepts*: right ones, and wrong ones with a reason."""

import torch


def sized(step, like):
    return step * like.flatten(1).norm(dim=1)[:, None, None] / step.flatten(1).norm(dim=1)[:, None, None]


def sized_by_means(step, like):
    own, theirs = (x.square().mean((1, 2), keepdim=True).sqrt() for x in (step, like))
    return step / own * theirs


def sized_together(step, like):
    return step * like.norm() / step.norm()


def sized_by_channel(step, like):
    return step * like.norm(dim=2, keepdim=True) / step.norm(dim=2, keepdim=True)


def turned(x, angle):
    return torch.fft.irfft(torch.fft.rfft(x) * torch.exp(1j * angle), n=x.shape[-1])


def phases(step, random):
    angle = 2 * torch.pi * torch.rand(len(step), 1, step.shape[2] // 2 + 1, generator=random, dtype=step.dtype)
    angle[..., 0] = 0
    return turned(step, angle)


def phases_by_loop(step, random):
    rows = []
    for row in step:
        angle = 6.283185307179586 * torch.rand(row.shape[1] // 2 + 1, generator=random, dtype=row.dtype)
        angle[0] = 0
        rows.append(turned(row, angle))
    return torch.stack(rows)


def phases_of_channels(step, random):
    angle = 2 * torch.pi * torch.rand(*step.shape[:2], step.shape[2] // 2 + 1, generator=random, dtype=step.dtype)
    angle[..., 0] = 0
    return turned(step, angle)


def phases_of_all(step, random):
    angle = 2 * torch.pi * torch.rand(step.shape[2] // 2 + 1, generator=random, dtype=step.dtype)
    angle[0] = 0
    return turned(step, angle)


def shuffled(step, random):
    return step[..., torch.randperm(step.shape[2], generator=random)]


def moved(x, by):
    n = x.shape[-1]
    k = torch.arange(n // 2 + 1)
    return torch.fft.irfft(torch.fft.rfft(x) * torch.exp(-2j * torch.pi * k * by / n), n=n)


def moved_by_sum(x, by):
    n = x.shape[-1]
    k = torch.fft.fftfreq(n, 1 / n).to(x.dtype)
    return torch.fft.ifft(torch.fft.fft(x) * torch.exp(-2j * torch.pi * k * by / n)).real


def moved_by_nodes(x, by):
    return x.roll(round(by), -1)


def recovered(replaced, own, mean):
    return (mean - replaced) / (mean - own)


RIGHT = {
    1: [sized, sized_by_means],
    2: [phases, phases_by_loop],
    3: [moved, moved_by_sum],
    4: [recovered, lambda replaced, own, mean: 1 - (replaced - own) / (mean - own)],
}
WRONG = {
    1: [
        (lambda step, like: step, "each row has a norm of its own"),
        (sized_together, "each row has a norm of its own"),
        (sized_by_channel, "multiplied by one number"),
        (lambda step, like: -sized(step, like), "turned around"),
        (lambda step, like: like, "multiplied by one number"),
    ],
    2: [
        (lambda step, random: step, "hardly another function"),
        (phases_of_channels, "have in common is lost"),
        (phases_of_all, "draw them for each row"),
        (shuffled, "another spectrum than before"),
        (lambda step, random: phases(step, torch.Generator().manual_seed(0)), "draw them from it"),
    ],
    3: [
        (moved_by_nodes, "multiply frequency k"),
        (lambda x, by: moved(x, -by), "multiply frequency k"),
        (lambda x, by: moved(x, by * x.shape[-1]), "where s counts nodes"),
    ],
    4: [
        (lambda replaced, own, mean: 1 - replaced, "a straight line between"),
        (lambda replaced, own, mean: (replaced - own) / (mean - own), "a straight line between"),
        (lambda replaced, own, mean: own / replaced, "a straight line between"),
    ],
}
