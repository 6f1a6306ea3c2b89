"""Answers to the exercises of *Iterative shrinkage*: right ones, and wrong ones with a part of the reason."""

import numpy as np
import torch


def shrink(v, level):
    return v.sign() * (v.abs() - level).clamp(min=0)


def elastic_by_cases(v, a, b):
    found = np.zeros(len(v))
    for i, value in enumerate(v.tolist()):
        if value > a:
            found[i] = (value - a) / (1 + b)
        elif value < -a:
            found[i] = (value + a) / (1 + b)
    return found


def one_by_one(atoms, signals):
    return max(abs(float(atom @ signal)) for atom in atoms for signal in signals)


def ista(atoms, signals, threshold, steps, level=None):
    largest = torch.linalg.matrix_norm(atoms, 2) ** 2
    code = torch.zeros(len(signals), len(atoms), dtype=atoms.dtype)
    for _ in range(steps):
        code = shrink(code + (signals - code @ atoms) @ atoms.T / largest, level or threshold / largest)
    return code


def ista_from_plain_zeros(atoms, signals, threshold, steps):
    largest, code = torch.linalg.matrix_norm(atoms, 2) ** 2, torch.zeros(len(signals), len(atoms))
    for _ in range(steps):
        code = code + torch.matmul(signals - torch.matmul(code, atoms), atoms.T) / largest
        code = shrink(code, threshold / largest)
    return code


def ista_from_double_zeros(atoms, signals, threshold, steps):
    atoms, signals = atoms.double(), signals.double()
    return ista(atoms, signals, threshold, steps)


def ista_by_gram(atoms, signals, threshold, steps):
    gram, seen = atoms @ atoms.T, signals @ atoms.T
    step = 1 / torch.linalg.eigvalsh(gram)[-1]
    code = shrink(step * seen, step * threshold)
    for _ in range(steps - 1):
        code = shrink(code + step * (seen - code @ gram), step * threshold)
    return code


def full_threshold(atoms, signals, threshold, steps):
    return ista(atoms, signals, threshold, steps, level=threshold)


def always_from_zero(atoms, signals, threshold, steps):
    return ista(atoms, signals, threshold, 1)


def unit_step(atoms, signals, threshold, steps):
    return shrink(signals @ atoms.T, threshold)


def unshrink(atoms, code, threshold):
    on = code != 0
    fitted = code.clone()
    fitted[on] += threshold * torch.linalg.solve(atoms[on] @ atoms[on].T, code[on].sign())
    return fitted


def unshrink_through_the_signal(atoms, code, threshold):
    """Dᵀ(x − D z) = λ s on the support, so Dᵀx is known there."""
    on = code != 0
    seen = atoms[on] @ (code @ atoms) + threshold * code[on].sign()
    fitted = torch.zeros_like(code)
    fitted[on] = torch.linalg.inv(atoms[on] @ atoms[on].T) @ seen
    return fitted


def unshrink_into_plain_zeros(atoms, code, threshold):
    on, fitted = code != 0, torch.zeros(len(code))
    fitted[on] = code[on] + threshold * torch.linalg.solve(atoms[on] @ atoms[on].T, code[on].sign())
    return fitted


def whole_gram(atoms, code, threshold):
    return code + threshold * torch.linalg.pinv(atoms @ atoms.T) @ code.sign()


def omp(atoms, signal, k):
    chosen, left = [], signal
    for _ in range(k):
        chosen.append((atoms @ left).abs().argmax().item())
        masses = torch.linalg.lstsq(atoms[chosen].T, signal[:, None]).solution[:, 0]
        left = signal - masses @ atoms[chosen]
    code = torch.zeros(len(atoms), dtype=atoms.dtype)
    code[chosen] = masses
    return code


def omp_into_plain_zeros(atoms, signal, k):
    code, chosen, left = torch.zeros(len(atoms)), [], signal
    for _ in range(k):
        chosen.append((atoms @ left).abs().argmax().item())
        masses = torch.linalg.lstsq(atoms[chosen].T, signal[:, None]).solution[:, 0]
        left = signal - masses @ atoms[chosen]
    code[chosen] = masses
    return code


def omp_in_numpy(atoms, signal, k):
    atoms, signal = atoms.numpy(), signal.numpy()
    chosen, left = [], signal
    for _ in range(k):
        chosen.append(int(np.abs(atoms @ left).argmax()))
        masses = np.linalg.pinv(atoms[chosen].T) @ signal
        left = signal - atoms[chosen].T @ masses
    code = np.zeros(len(atoms))
    code[chosen] = masses
    return code


def pursuit(atoms, signal, k):
    code, left = torch.zeros(len(atoms), dtype=atoms.dtype), signal
    while (code != 0).sum() < k:
        at = (atoms @ left).abs().argmax()
        mass = atoms[at] @ left
        code[at] += mass
        left = left - mass * atoms[at]
    return code


def all_at_once(atoms, signal, k):
    chosen = (atoms @ signal).abs().topk(k).indices
    code = torch.zeros(len(atoms), dtype=atoms.dtype)
    code[chosen] = torch.linalg.lstsq(atoms[chosen].T, signal[:, None]).solution[:, 0]
    return code


RIGHT = {
    1: [lambda v, a, b: shrink(v, a) / (1 + b), elastic_by_cases],
    2: [lambda atoms, signals: (signals @ atoms.T).abs().max(), one_by_one],
    3: [ista, ista_by_gram, ista_from_plain_zeros, ista_from_double_zeros],
    4: [unshrink, unshrink_through_the_signal, unshrink_into_plain_zeros],
    5: [omp, omp_in_numpy, omp_into_plain_zeros],
}
WRONG = {
    1: [
        (lambda v, a, b: shrink(v, a), "costs less"),
        (lambda v, a, b: shrink(v / (1 + b), a), "costs less"),
        (lambda v, a, b: shrink(v, a + b), "costs less"),
        (lambda v, a, b: shrink(v, a)[:2], "should have the shape"),
    ],
    2: [
        (lambda atoms, signals: (signals @ atoms.T).max(), "codes are not zero"),
        (lambda atoms, signals: signals.norm(dim=1).max() * 2, "a smaller one will do"),
        (lambda atoms, signals: (signals[0] @ atoms.T).abs().max(), "codes are not zero"),
        (lambda atoms, signals: (signals @ atoms.T).abs().amax(1), "should be a number"),
    ],
    3: [
        (full_threshold, "by how much does a step"),
        (always_from_zero, "each step begins where the last ended"),
        (unit_step, "level threshold/Λ"),
        (lambda atoms, signals, threshold, steps: 0 * signals @ atoms.T, "is zero"),
    ],
    4: [
        (lambda atoms, code, threshold: code + threshold * code.sign(), "right angles only"),
        (lambda atoms, code, threshold: code, "the lasso's was"),
        (whole_gram, "the support should stay"),
        (lambda atoms, code, threshold: code[code != 0], "should have the shape"),
    ],
    5: [
        (pursuit, "fit all chosen atoms anew"),
        (all_at_once, "you chose other atoms"),
        (lambda atoms, signal, k: atoms @ signal, "entries that are not zero"),
    ],
}
