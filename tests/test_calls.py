"""What a person gives by mistake is refused by name: every public callable with one wrong argument at a time.

The calls stand in calls.py. No result may be wrong in silence, and hardly any error may come from below saeno.
"""

import collections
import re
import warnings

import matplotlib
import pytest

from tests.calls import CALLS, everything, tried

matplotlib.use("Agg")

# Where a value of the kind is none to be refused: (name of the call, argument, kinds).
ACCEPTED = [
    # numbers that the argument may be
    (".*", "at|decay|frequency|noise|own_beyond|phase|pointwise|seed|shrinkage|start|taper", "zero"),
    (".*", "threshold|tolerance|weight|width", "zero"),
    (
        ".*",
        "at|bandwidth|limit|lr|own_beyond|patience|pointwise|step|steps|threshold|tolerance|weight|width|clip",
        "huge|vast",
    ),
    (".*", "decay|frequency|phase|direction|offset", "negative|huge"),
    (".*", "patience|save_every|steps|every|batch|step|start|seed|offset", "vast"),
    # texts, orders and lists that the argument may be
    ("plots.*|book.*", "label|caption|ylabel|alt|labels", "text|texts|backwards"),
    ("plots.*|book.*", "caption|ylabel", "empty"),
    ("book.explorer", "values", "texts|Nones|NaNs|negative|backwards|longer|tensor|complex"),
    ("book.panel", "start", "backwards"),
    ("plots.phase_diagram", "rows|columns", "negative|backwards"),
    ("plots.passage|plots.spread", "shape|steps", "backwards"),
    ("plots.*", "axes", "list"),
    ("plots.dashboard", "path|title", "text"),
    ("plots.(dashboard|atlas).*", "downstream|labels|shape", "None"),
    ("plots.(dashboard|atlas).*", "doses|inputs|labels|shape", "backwards|longer|list|int|dict"),
    ("families.*", "direction|frequency", "negative|backwards|tensor|list|numpy"),
    ("FunctionAtoms", "functions", "backwards|longer"),
    ("FrequencyModel.sample", "grid", "nothing|backwards|longer"),
    ("SparseModel|FrequencyModel", "amplitude", "tensor"),
    ("metrics.dead_atoms batches", "codes", "backwards|longer"),
    # another dictionary, generator or signal is as good
    ("SparseModel.*|FrequencyModel.*", "dictionary|generator", "None|dictionary"),
    ("SparseModel.sample_events", "grid", "None"),
    # sizes of a tensor that nothing else fixes
    ("data.*|signals.*|metrics.(l0|dead_atoms|coherence|babel).*|plots.*|Match.*", ".*", "one more channel"),
    ("metrics.effective_rank", "code", "one more channel|rank more|rank less"),
    ("metrics.interference", "atoms", "one more channel"),
    ("metrics.equivariance_error", "x", "one more channel"),
    ("metrics.equivariance_error", "shift", "negative|zero"),
    ("metrics.(code_error|support_f1).*", "code", "one more channel"),
    ("metrics.(linear_cka|mutual_neighbours|permuted_.*)", "a|b", "one more channel"),
    ("metrics.permuted_.*", "a|b", "list"),  # of representations
    ("data.*|metrics.(l0|dead_atoms)", ".*", "rank more|rank less"),
    ("a function of families|FunctionAtoms.at", "points", "rank more|rank less|empty batch"),
    ("(Dense|Conv|Fourier)Dictionary.from_atoms|Lifting.*whitening", "atoms|samples", "one more channel"),
    (".*\\.forward", "value", "rank more|rank less|one more channel"),
    ("(SoftThreshold|ReLU|JumpReLU)\\.forward", "value", "number"),  # entry by entry
    # dictionaries: another one is as good; vectors have the grid (); modes, offsets and lists may be these
    ("SparseAutoencoder|Lifted|inference.omp.*", "dictionary", "dictionary"),
    ("Lifting.orthonormal", "dtype", "dtype"),
    ("(dense|lifted)\\..*", "grid", "backwards|longer|nothing"),
    ("fourier.largest_eigenvalue", "grid", "nothing"),
    ("(Conv|Fourier)Dictionary.*", "offset|modes", "zero|list"),
    ("FourierDictionary.at", "points", "rank less|empty batch"),
    ("OnGrid", "grid", "list"),  # its axes are those of a dictionary that it does not know yet
    # −∞ is below all thresholds (encoders, which see the signal, make its code NaN)
    (".*\\.forward", "value", "minus infinite"),
    # the square of 1e30 is infinite in float32, which an energy shows; the codes of solvers are right (tests of units)
    (".*\\.energy|losses.*|inference.f?ista.*|inference.admm.*", "code|signal|reconstruction|start", "huge"),
    # training and files
    ("fit", "checkpoint|clip|every|metrics|patience|held_out|revive", "None"),
    ("fit", "warmup", "zero"),
    ("fit", "held_out", "huge"),
    ("fit", "checkpoint", "text"),
    ("fit", "every|metrics", "list|nothing|dict"),
    ("SparseAutoencoder.(save|load)", "path", "text"),
    ("SparseAutoencoder.(save|from)_pretrained", "folder|source", "text"),
    ("export.to_saelens", "folder|metadata", "text|None|dict"),
    ("recipe.signals", "path|most", "text|vast|huge"),
    ("advise", "trial|seed", "zero|vast|huge"),
    ("advise", "x", "one more channel|rank more"),
    ("recipe.train", "out", "text|None"),
    ("SparseAutoencoder.save_pretrained", "recipe", "None|dict"),
    # pairs of functions, and operators: time may stand still, a layer runs once, functions are anyone's
    ("pde.*", "time|viscosity|diffusivity|velocity|forcing|source|tau|first", "zero|huge|negative"),
    ("pde.*", "dtype|levels", "None|dtype|tensor"),
    ("pde.*", "source", "int|number"),
    ("pde.solve_.*", "initial|force", "one more channel|huge|rank more"),
    ("(pde.*|FNO|DeepONet)", "nodes|grid|modes", "list"),
    ("FNO|UNet", "modes|depth", "zero"),
    ("fit_operator", "every|weight_decay|warmup", "None|zero|huge"),
    ("fit_operator", "inputs|outputs", "huge"),
    ("relative_l2", "prediction|target", "huge|NaN|infinite|minus infinite|rank more|one more channel"),
    ("record", "layers", "backwards|longer"),
    ("replace", "layer|call", "empty|None|zero"),
    ("(FNO|UNet|DeepONet).forward", "x", "NaN|infinite|minus infinite|huge|empty batch"),
    # of a code without unmatched concepts nothing is left
    ("Match.unmatched.*", "code", "NaN|infinite|minus infinite"),
]


def accepted(name, argument, kind):
    """Whether a value of that kind is none to be refused there."""
    return any(all(map(re.fullmatch, row, (name, argument, kind))) for row in ACCEPTED)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """verdict → the calls that have it, each with what it ended with."""
    found = collections.defaultdict(list)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.chdir(tmp_path_factory.mktemp("calls"))
        warnings.simplefilter("ignore")
        for name, argument, kind in everything():
            verdict, said = tried(name, argument, kind, accepted)
            found[verdict].append(f"{name}({argument}: {kind}) {said}")
    return found


def test_good_calls_are_good():
    for function, arguments in CALLS.values():
        function(**arguments())


def test_no_result_is_wrong_in_silence(verdicts):
    assert not verdicts["silent"], "\n".join(verdicts["silent"])


def test_errors_name_the_argument(verdicts):
    assert sum(map(len, verdicts.values())) > 10_000
    assert not verdicts["bare"], "\n".join(verdicts["bare"])
