"""Pictures show the numbers they were given: what is drawn is read back from the axes."""

import os
from pathlib import Path

import matplotlib
import nbformat
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from nbclient import NotebookClient

import saeno
from saeno import plots
from saeno.metrics import match_atoms
from saeno.training import History

matplotlib.use("Agg")
ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def bump(centre, n=64, width=0.05):
    u = torch.arange(n) / n - centre
    return torch.exp(-((u - u.round()) ** 2) / (2 * width**2))


def curves(axes):
    """The curves of a panel that are data, by colour; the zero line is not."""
    return {line.get_color(): line.get_ydata() for line in axes.lines if line.get_color() != plots.QUIET}


def test_functions_are_drawn_as_they_are_but_centred():
    given = torch.stack([bump(0.9), 2 * bump(0.3)]).unsqueeze(1)
    figure = plots.atoms(given)
    for panel, height in zip(figure.axes, (1, 2), strict=True):
        drawn = curves(panel)[plots.FOUND]
        assert drawn.argmax() == 32 and drawn.max() == pytest.approx(height, rel=0.01)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_a_learned_function_lies_on_the_true_one_and_the_cosine_is_written():
    true = torch.stack([bump(0.1), bump(0.5) - bump(0.6)]).unsqueeze(1)
    learned = torch.stack([-true[1].roll(17, -1), torch.randn(1, 64), true[0].roll(-5, -1)])
    figure = plots.atoms(learned, truth=true)
    assert len(figure.axes) == 2
    for panel in figure.axes:
        drawn = curves(panel)
        np.testing.assert_allclose(drawn[plots.FOUND], drawn[plots.TRUE], atol=1e-6)
        assert panel.get_title() == "cosine 1.00"


def test_a_true_atom_without_partner_stands_alone():
    true = torch.stack([bump(0.1), bump(0.5) - bump(0.6)]).unsqueeze(1)
    figure = plots.atoms(true[1:], truth=true)
    assert np.isnan(curves(figure.axes[0])[plots.FOUND]).all()
    assert figure.axes[0].get_title() == "cosine 0.00"


def test_a_dictionary_is_sampled_on_the_grid_and_a_match_is_used_as_given():
    dictionary = saeno.FourierDictionary(1, 3, 4, seed=1)
    figure = plots.atoms(dictionary, 32, truth=dictionary, match=match_atoms(dictionary, dictionary, 32))
    shown = {tuple(np.sort(curves(panel)[plots.FOUND]).round(4)) for panel in figure.axes}
    assert shown == {tuple(np.sort(atom.detach().numpy()).round(4)) for atom in dictionary.atoms(32)[:, 0]}
    with pytest.raises(ValueError, match="grid: None"):
        plots.atoms(dictionary)


def test_vectors_are_stems_and_images_are_images():
    vectors = saeno.DenseDictionary(6, 4, seed=0)
    figure = plots.atoms(vectors, truth=vectors)
    for i, panel in enumerate(figure.axes):
        stems = [np.array(stem.get_segments())[:, 1, 1] for stem in panel.collections]
        assert len(stems) == 2
        for stem in stems:
            np.testing.assert_allclose(stem, vectors.atoms()[i].detach(), atol=1e-6)
    images = torch.randn(3, 1, 8, 12)
    assert sorted(plots.atoms(images).axes[1].images[0].get_array().ravel()) == sorted(images[1].ravel().tolist())
    pair = plots.atoms(images, truth=images).axes[2].images[0].get_array()
    np.testing.assert_array_equal(pair[:, :12], pair[:, 13:])


def test_channels_are_told_apart_without_colour():
    lines = plots.atoms(torch.randn(1, 3, 32)).axes[0].lines[1:]
    assert len({line.get_color() for line in lines}) == len({line.get_linestyle() for line in lines}) == 3


def test_atoms_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match=r"learned = a tensor .*: should be"):
        plots.atoms(torch.zeros(2, 1, 4, 4, 4))
    with pytest.raises(ValueError, match="axes: 1 of them, for 2 panels"):
        plots.atoms(torch.ones(2, 1, 4), axes=[plt.figure().add_subplot()])


def test_codes_are_masses_so_that_two_grids_agree():
    code, truth = torch.zeros(3, 64), torch.zeros(3, 128)
    code[2, 16], truth[2, 32], truth[0, 64] = 64 * 2.0, 128 * 2.0, 128 * -1.0
    (panel,) = plots.codes(code, truth=truth).axes
    spikes = {tuple(lines.get_edgecolor()[0]): lines.get_segments() for lines in panel.collections[1::2]}
    found, true = (spikes[matplotlib.colors.to_rgba(colour)] for colour in (plots.FOUND, plots.TRUE))
    np.testing.assert_allclose(found, true[1:])
    assert found[0][0].tolist() == [0.25, 2]
    assert true[0][1][0] == 0.5 and true[0][1][1] == pytest.approx(0.2)  # below its row: negative, half as long
    assert found[0][1][1] == pytest.approx(2 - 0.4)
    with pytest.raises(ValueError, match=r"code = a tensor \(1, 3, 64\)"):
        plots.codes(code[None])


def test_a_code_of_zeros_can_be_drawn():
    assert plots.codes(torch.zeros(2, 16)).axes


def test_masses_of_a_vector_are_bars_before_the_true_ones():
    """Fails when bars are in another place, or codes set the scale: take the maximum over both."""
    code, truth = torch.tensor([0.0, -3.0, 0.5]), torch.tensor([1.0, 0.0, 2.0], requires_grad=True)
    (panel,) = plots.masses(code, truth).axes
    behind, before = (bars.get_segments() for bars in panel.collections)
    assert [[list(end) for end in bar] for bar in before] == [[[i, 0], [i, v]] for i, v in enumerate(code.tolist())]
    assert behind[2][1].tolist() == [2, 2] and panel.get_ylim() == (-2.6, 2.6)
    assert plots.masses(torch.zeros(4)).axes
    with pytest.raises(ValueError, match="code = a tensor"):
        plots.masses(code[None])


def test_learning_curve_shows_every_step_and_every_metric():
    loss = torch.linspace(1, 0.1, 100, dtype=torch.float64)
    cosine = [torch.tensor([0.1, 0.3]), torch.tensor([0.8, 1.0])]
    history = History(loss, loss, [0, 100], {"cosine": cosine, "f1": [0.0, 0.5]}, 1.0)
    loss_panel, cosine_panel, f1_panel = plots.learning_curve(history, "cosine", "f1").axes
    assert loss_panel.get_yscale() == "log"
    np.testing.assert_allclose(loss_panel.lines[0].get_ydata(), loss)
    np.testing.assert_allclose(loss_panel.lines[1].get_ydata(), (loss[1:] + loss[:-1]) / 2)
    drawn = [line.get_ydata() for line in cosine_panel.lines]
    np.testing.assert_allclose(drawn, [[0.1, 0.8], [0.3, 1.0], [0.2, 0.9]], atol=1e-6)
    (line,) = f1_panel.lines
    assert line.get_xdata().tolist() == [0, 100] and line.get_ydata().tolist() == [0.0, 0.5]
    with pytest.raises(ValueError, match="metrics: 'mcc' was not measured"):
        plots.learning_curve(history, "mcc")


def test_cosine_matrix_has_matched_atoms_on_its_diagonal():
    true = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(0))).Q[:4]
    learned = torch.cat([true[[2, 0]], true[[1]] + true[[3]], -true[[3, 1]]])
    panel = plots.cosine_matrix(learned, true).axes[0]
    expected = np.eye(4, 5)
    expected[[1, 3], 4] = 0.5**0.5
    np.testing.assert_allclose(panel.images[0].get_array(), expected, atol=1e-5)


@pytest.mark.parametrize(
    "draw",
    [plots.codes, lambda x, axes: plots.masses(x[0], axes=axes), lambda x, axes: plots.cosine_matrix(x, x, axes=axes)],
)
def test_given_axes_are_drawn_in(draw):
    axes = plt.figure().add_subplot()
    assert draw(torch.eye(4), axes=axes) is axes.figure
    assert axes.has_data()


def test_the_style_ends_where_it_should_and_tells_apart_in_grey():
    before = dict(plt.rcParams)
    with plots.style():
        assert plt.rcParams["figure.facecolor"] == "white"
    assert dict(plt.rcParams) == before
    red, green, blue = np.array([matplotlib.colors.to_rgb(c) for c in (plots.FOUND, plots.TRUE, plots.INK)]).T
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    assert np.diff(np.sort(grey)).min() > 0.2


def test_a_notebook_shows_each_picture_once_and_goes_on_showing(tmp_path):
    sources = [
        "import torch\nfrom matplotlib import pyplot as plt\nfrom saeno import plots\n"
        "from saeno.book.explorer import explorer",
        "explorer(lambda i: plots.codes(torch.eye(2)), [0, 1], 'Step', ['a', 'b'])",
        "plots.codes(torch.eye(2));",
        "plt.plot([1, 2]);",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"} | {
        "PYTHONPATH": str(ROOT)
    }
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute(
        env=environment
    )
    shown = [[next(iter(sorted(output.data))) for output in cell.outputs] for cell in notebook.cells]
    assert shown == [[], ["text/html"], ["image/png"], ["image/png"]]


def test_a_mosaic_holds_each_image_in_its_place():
    images = torch.randn(5, 2, 3)
    board = plots.mosaic(images, columns=3).axes[0].images[0].get_array().filled(np.nan)
    assert board.shape == (2 * 3 + 1, 3 * 4 + 1)
    np.testing.assert_array_equal(board[1:3, 5:8], images[1])
    np.testing.assert_array_equal(board[4:6, 5:8], images[4])
    assert np.isnan(board[::3]).all() and np.isnan(board[4:6, 9:12]).all()  # lines between, and no sixth image
    assert plots.mosaic(images, limit=3.0).axes[0].images[0].get_clim() == (-3, 3)
    with pytest.raises(ValueError, match=r"images = a tensor \(2, 3\)"):
        plots.mosaic(images[0])


def test_passage_shows_what_the_model_computes():
    model = saeno.SparseAutoencoder(saeno.DenseDictionary(6, 10, seed=0), saeno.OneStep(saeno.TopK(2)))
    signal = torch.randn(6)
    output, masses = model(signal[None]), model.dictionary.analysis(signal[None])
    panels = plots.passage(model, signal, shape=(2, 3)).axes
    np.testing.assert_array_equal(panels[0].images[0].get_array(), signal.view(2, 3))
    np.testing.assert_array_equal(panels[3].images[0].get_array(), output.reconstruction.detach().view(2, 3))
    for panel, value in zip(panels[1:3], (masses, output.code), strict=True):
        drawn = [segment[1][0] for segment in panel.collections[0].get_segments()]
        np.testing.assert_allclose(drawn, value[0].detach(), atol=1e-6)
    assert all(panel.collections for panel in plots.passage(model, signal).axes)  # without a shape: stems
    with pytest.raises(ValueError, match=r"signal = a tensor \(1, 6\)"):
        plots.passage(model, signal[None])


def test_spread_has_the_mean_and_the_extremes_of_seeds():
    values = torch.tensor([[1.0, 2.0, 6.0], [3.0, 2.0, 0.0]])
    (panel,) = plots.spread({"plain": values}, steps=[0, 10, 20], ylabel="cosine").axes
    (line,) = panel.lines
    assert line.get_xdata().tolist() == [0, 10, 20] and line.get_ydata().tolist() == [2, 2, 3]
    band = panel.collections[0].get_paths()[0].vertices
    assert {(0, 1), (0, 3), (20, 0), (20, 6)} <= {tuple(vertex) for vertex in band.tolist()}
    assert panel.get_legend().get_texts()[0].get_text() == "plain (2 seeds)"
    with pytest.raises(ValueError, match="'one' has shape"):
        plots.spread({"one": values[:1]})


def test_phase_diagram_has_the_shares_and_the_line_of_one_half():
    success = torch.tensor([[1.0, 0.8, 0.1], [0.9, 0.2, 0.0]])
    panel = plots.phase_diagram(success, [1, 2], [0.1, 0.2, 0.3], labels=("sparsity", "undersampling")).axes[0]
    np.testing.assert_allclose(panel.collections[0].get_array(), success)
    assert len(panel.collections) == 2, "the line where half succeed"
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("undersampling", "sparsity")
    with pytest.raises(ValueError, match="shape"):
        plots.phase_diagram(success, [1, 2, 3], [0.1, 0.2])
    with pytest.raises(ValueError, match="shares"):
        plots.phase_diagram(success * 2, [1, 2], [0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    "draw, error",
    [
        (lambda: plots.codes(torch.eye(3), axes="here"), "axes = 'here': should be"),
        (lambda: plots.spread({"a": torch.eye(3)}, steps=[1, 2]), r"steps = \[1, 2\]: should be"),
        (lambda: plots.atoms(torch.eye(3), columns=0), "columns = 0: should be"),
        (lambda: plots.phase_diagram(torch.eye(2), [2, 1], [1, 1]), r"columns = \[1, 1\]: should be in order"),
        (lambda: plots.masses(torch.tensor([1.0, torch.nan])), "code has NaN"),
    ],
)
def test_an_error_names_the_argument_and_leaves_no_figure_open(draw, error):
    plt.close("all")
    with pytest.raises((ValueError, TypeError), match=error):
        draw()
    assert not plt.get_fignums()


def test_an_error_while_drawing_closes_the_figure_and_no_other():
    plt.close("all")
    kept = plt.figure()
    with pytest.raises(ZeroDivisionError), plots.style():
        plt.figure()
        1 / 0  # noqa: B018
    assert plt.get_fignums() == [kept.number]
