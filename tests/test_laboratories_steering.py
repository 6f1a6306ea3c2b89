"""What the chapter on steering measures with: parts, rivals of one size, and what effects are like."""

import pytest
import torch

from saeno import FourierDictionary
from saeno.book.interpretability.inside_an_fno import lab as inside
from saeno.book.interpretability.steering import lab
from saeno.book.interpretability.steering.lab import Ladder
from saeno.seeds import generator
from tests.helpers import normal

N, CHANNELS = 64, 6


def smooth(count: int, seed: int) -> torch.Tensor:
    """Functions `(count, 6, 64)` whose channels have something in common, and energy at low frequencies."""
    waves = torch.fft.rfft(normal(count, CHANNELS, N, seed=seed)) / (1 + torch.arange(N // 2 + 1)) ** 1.5
    return torch.einsum("cd,bdn->bcn", normal(CHANNELS, CHANNELS, seed=99), torch.fft.irfft(waves, n=N))


def code(functions: int, concepts: int = 3) -> torch.Tensor:
    """A code with two events of each concept in each function, at random places."""
    places = torch.randint(N, (functions, concepts, 2), generator=generator(3))
    return torch.zeros(functions, concepts, N).double().scatter(2, places, N * normal(functions, concepts, 2, seed=5))


def case(functions: int = 30):
    dictionary = FourierDictionary(CHANNELS, 3, 8, 0).double()
    found = lab.gathered(dictionary, code(functions))
    return dictionary, found, Ladder(found, smooth(200, 1), smooth(functions, 2), dictionary.atoms((N,)).detach(), 0)


def test_parts_add_up_to_what_the_code_makes_and_rare_concepts_are_left_out():
    dictionary, found, _ = case()
    total = torch.zeros(30, CHANNELS, N).double().index_add_(0, found.function, found.step)
    assert total.allclose(dictionary.synthesis(code(30)))
    rare = code(30)
    rare[lab.LEAST - 1 :, 1] = 0
    assert lab.gathered(dictionary, rare).concept.unique().tolist() == [0, 2]
    largest = found.mass.gather(1, found.place[:, None])[:, 0]
    assert torch.equal(largest.abs(), found.mass.abs().amax(1)) and torch.equal(largest.sign(), found.sign)


def test_all_rivals_have_the_norm_of_the_part_and_none_is_the_part():
    _, found, ladder = case()
    steps = ladder.steps()
    assert len(steps) == 12
    for name, step in steps.items():
        assert lab.norm(step).allclose(lab.norm(found.step)), name
        assert (lab.norm(step - found.step) / lab.norm(found.step)).median() > 0.1, name
    assert not {"other", "means"} & Ladder(found, ladder.x, ladder.y, None, 0).steps().keys()


def test_each_rival_keeps_what_it_says():
    _, found, ladder = case()
    own = torch.fft.rfft(found.step)
    cross = own[:, :, None] * own[:, None].conj()
    for count, kept in ((1, True), (CHANNELS, False)):
        waves = torch.fft.rfft(ladder.phases(count))
        assert waves.abs().allclose(own.abs(), atol=1e-8)
        assert (waves[:, :, None] * waves[:, None].conj()).allclose(cross, atol=1e-6) == kept
    assert ladder.rotated().square().sum(1).allclose(found.step.square().sum(1))
    assert (torch.fft.rfft(ladder.band())[..., lab.MODES + 1 :].abs() < 1e-9).all()
    assert (ladder.channel().abs().amax(2) > 0).sum(1).eq(1).all()
    toward = ladder.y[found.function] - ladder.toward()
    assert (toward[:, None] - ladder.y).abs().amax((2, 3)).amin(1).max() < 1e-12
    moves = torch.stack([found.step.roll(by, 2) for by in range(N // 8, N - N // 8)])
    assert (moves - ladder.place()).abs().amax((2, 3)).amin(0).max() < 1e-9


def test_gaussian_rivals_have_the_covariance_of_the_layer():
    """Between channels, and over frequencies. Tried: without the square root, and channels drawn apart."""
    dictionary, _, _ = case()
    found = lab.gathered(dictionary, code(1200))
    ladder = Ladder(found, smooth(400, 1), smooth(1200, 2), None, 0)
    drawn, wanted = ladder.covariance(), ladder.x - ladder.mean
    own, theirs = (torch.cov(value.transpose(1, 2).flatten(0, 1).T) for value in (drawn, wanted))
    assert torch.nn.functional.cosine_similarity(own.flatten(), theirs.flatten(), 0) > 0.98
    power = [torch.fft.rfft(value)[..., 1:].abs().square().mean((0, 1)) for value in (drawn, wanted)]
    assert torch.nn.functional.cosine_similarity(*[one / one.sum() for one in power], 0) > 0.98


def test_a_difference_of_means_finds_what_stands_around_events():
    """Around each event of a concept the layer has one form, planted; a function is no witness of its own."""
    dictionary, found, _ = case()
    planted = dictionary.synthesis(code(30)).detach()
    ladder = Ladder(found, planted, planted, dictionary.atoms((N,)).detach(), 0)
    cosine = (ladder.means() * found.step).sum((1, 2)) / (lab.norm(ladder.means()) * lab.norm(found.step)).flatten() / N
    assert cosine.median() > 0.7


def test_planted_effects_are_alike_and_near_and_others_are_not():
    dictionary, _, _ = case()
    found = lab.gathered(dictionary, code(40))
    bump = torch.exp(-(((torch.arange(N) - 20.0) / 2) ** 2)).double()
    effects = torch.stack([s * bump.roll(int(p)) for s, p in zip(found.sign, found.place, strict=True)])[:, None]
    assert lab.consistency(effects, found) == pytest.approx(1)
    assert lab.locality(effects, found) > 0.999
    away = lab.elsewhere(found, 0)
    assert lab.consistency(effects, away) < 0.3 and lab.locality(effects, away) < 0.75
    noise = normal(len(found.step), 1, N, seed=8)
    assert abs(lab.consistency(noise, found)) < 0.05
    assert lab.locality(noise, found) == pytest.approx(lab.WINDOW / N, abs=0.1)


def test_a_natural_patch_is_near_and_another_one_is_not():
    x = smooth(200, 1)
    nature = lab.Nature(x, 0)
    assert nature.distance(nature.patches[:7]).max() < 0.02 * nature.patches.norm(dim=1).mean()
    _, found, _ = case()
    y, tiny = smooth(30, 2), 1e-6 * found.step
    assert nature.stretch(y, found, tiny).allclose(torch.ones(len(tiny)), atol=1e-2)
    assert nature.stretch(y, found, 10 * found.step).median() > 1.5


def test_moves_by_whole_and_half_nodes_and_vectors_on_twice_the_nodes():
    dictionary, found, _ = case(6)
    by = torch.full((len(found.step),), 3.0).double()
    assert lab.moved(found.step, by).allclose(found.step.roll(3, 2))
    assert lab.moved(lab.moved(found.step, by / 6), by / 6).allclose(found.step.roll(1, 2))
    mass = torch.zeros(len(found.mass), 2 * N).double()
    mass[:, ::2] = 2 * found.mass
    exact = lab.placed(dictionary.atoms((2 * N,)).detach(), found.concept, mass)
    assert exact[..., ::2].allclose(found.step)
    made = lab.stretched(found)
    assert made["repeated"][..., ::2].equal(found.step) and made["repeated"][..., 1::2].equal(found.step)
    assert made["interpolated"][..., 1::2].allclose((found.step + found.step.roll(-1, 2)) / 2)
    for row, place in enumerate(found.place.tolist()):  # node by node as far as a quarter of the torus
        ahead = torch.arange(-N // 2, N // 2)
        assert made["padded"][row][:, (2 * place + ahead) % (2 * N)].equal(found.step[row][:, (place + ahead) % N])
    assert lab.norm(made["padded"]).square().allclose(lab.norm(found.step).square() / 2)


def test_an_output_aware_model_explains_what_the_operator_reads():
    """It reads one channel of 32, of which the variance says nothing. Tried: a weight of 0."""
    waves = torch.fft.rfft(normal(64, 32, 64, seed=1))
    waves[..., 9:] = 0
    x = torch.fft.irfft(waves, n=64)

    def run(hidden):
        return hidden[:, :1]

    plain, aware = inside.learned("SAE-FNO", lab.EVENTS, x, 0, 0.03, 50), lab.aware(x, run, 0, 0.03, 20)
    missed = [
        ((run(model.reconstruct(x)) - run(x)).square().mean() / run(x).square().mean()).item()
        for model in (plain, aware)
    ]
    assert missed[1] < 0.95 * missed[0]


def test_the_operator_behind_a_layer_is_the_operator():
    u = inside.held_out("judge").input[: lab.STEERED]
    steered = lab.Steered(lab.rest(0), lab.hidden(0, part="judge"))
    assert (steered.output - inside.operator(0)(u)).abs().max() < 1e-12
    assert all(parameter.requires_grad for parameter in inside.operator(0).parameters())
