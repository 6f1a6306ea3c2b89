"""Answers to the exercises of *Inside a trained operator*: right ones, and wrong ones with a part of the reason."""

import torch


def tail_by_parseval(x, modes):
    x = x - x.mean((0, 2), keepdim=True)
    power = torch.fft.fft(x).abs() ** 2
    n = x.shape[-1]
    frequency = torch.minimum(torch.arange(n), n - torch.arange(n))
    return power[..., frequency > modes].sum() / power.sum()


def tail_by_filter(x, modes):
    x = x - x.mean(0).mean(-1)[:, None]
    waves = torch.fft.rfft(x)
    waves[..., modes + 1 :] = 0
    low = torch.fft.irfft(waves, n=x.shape[-1])
    return 1 - low.square().sum() / x.square().sum()


def tail_with_means(x, modes):
    waves = torch.fft.fft(x).abs().square()
    n = x.shape[-1]
    return waves[..., modes + 1 : n - modes].sum() / waves.sum()


def tail_from_modes(x, modes):
    return tail_by_parseval(x, modes - 1)


def tail_of_halves(x, modes):
    power = torch.fft.rfft(x - x.mean((0, 2), keepdim=True)).abs() ** 2
    return power[..., modes + 1 :].sum().sqrt() / power.sum().sqrt()


def mirror(u):
    return -u.flip(-1).roll(1, -1)


def mirrored(G):
    return lambda u: (G(u) + mirror(G(mirror(u)))) / 2


def mirrored_by_index(G):
    def both(u):
        back = -torch.arange(u.shape[-1])
        return 0.5 * G(u) - 0.5 * G(-u[..., back])[..., back]

    return both


def kept(G):
    return lambda u: G(u) - G(u).mean(-1, keepdim=True) + u.mean(-1, keepdim=True)


def kept_in_fourier(G):
    def fixed(u):
        waves = torch.fft.rfft(G(u))
        waves[..., 0] = torch.fft.rfft(u)[..., 0]
        return torch.fft.irfft(waves, n=u.shape[-1])

    return fixed


def moved(events, random):
    moves = torch.randint(events.shape[1], (len(events),), generator=random)
    return torch.stack([row.roll(int(move)) for row, move in zip(events, moves, strict=True)])


def moved_by_gather(events, random):
    moves = torch.randint(1, events.shape[1], (len(events), 1), generator=random)
    return events.gather(1, (torch.arange(events.shape[1]) + moves) % events.shape[1])


def shuffled(events, random):
    return events[:, torch.randperm(events.shape[1], generator=random)]


RIGHT = {
    1: [tail_by_parseval, tail_by_filter],
    2: [mirrored, mirrored_by_index],
    3: [kept, kept_in_fourier],
    4: [moved, moved_by_gather],
}
WRONG = {
    1: [
        (tail_with_means, "mean of each channel"),
        (tail_from_modes, "is M itself below the bound"),
        (tail_of_halves, "you say"),
    ],
    2: [
        (lambda G: G, "whose commutator is"),
        (lambda G: lambda u: (G(u) + G(mirror(u))) / 2, "whose commutator is"),
        (lambda G: lambda u: (G(u) - G(-u.flip(-1)).flip(-1)) / 2, "node 0 stays where it is"),
        (lambda G: lambda u: G(u) + mirror(G(mirror(u))), "counts half"),
        (lambda G: 3, "should be a function of u"),
    ],
    3: [
        (lambda G: G, "each function has a mean of its own"),
        (lambda G: lambda u: G(u) - G(u).mean() + u.mean(), "each function has a mean of its own"),
        (lambda G: lambda u: u.mean(-1, keepdim=True).expand_as(u), "more than the mean"),
    ],
    4: [
        (lambda events, random: events, "moved alike"),
        (lambda events, random: events.roll(5, 1), "moved alike"),
        (shuffled, "other events than before"),
        (lambda events, random: moved(events, torch.Generator().manual_seed(0)), "draw them from it"),
    ],
}
