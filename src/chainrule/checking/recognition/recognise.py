"""Try the known forwards until one gives the code's own numbers, on several batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.checking.recognition import architecture
from chainrule.checking.recognition.architecture import Draft
from chainrule.checking.recognition.losses import FACTORS, Factor, every_form
from chainrule.checking.recognition.program import Program, to_rows
from chainrule.checking.subject import Subject, Trial
from chainrule.errors import ChainruleError
from chainrule.formulas import NOTATIONS, Operation, parse, samples_of

SAME = 1e-9
MOST_LAYERS = 3

Weights = list[tuple[str, str | None]]


def recognise(subject: Subject, trials: Sequence[Trial]) -> Program | None:
    """Return the formulas that give this subject's output on all trials; None if none is known."""
    outputs = [subject.forward(trial) for trial in trials]
    for notation in _notations(subject, trials[0]):
        letters = name_parameters(subject, trials[0])
        if letters is None:
            return None
        for program in _candidates(subject, letters, notation, trials, outputs):
            if all(_gives(program, t, y) for t, y in zip(trials, outputs, strict=True)):
                return program
    return _unknown_elementwise(subject, trials)


def _notations(subject: Subject, trial: Trial) -> list[str]:
    if subject.input and trial.variables[subject.input].ndim == 1 == trial.m:
        return list(NOTATIONS)  # one sample as a vector lies neither way
    own = samples_of(subject.notation)
    same = [n for n, samples in NOTATIONS.items() if samples == own and n != subject.notation]
    other = [n for n, samples in NOTATIONS.items() if samples != own]
    return [subject.notation, *same, *(other if not subject.parameters else [])]


def name_parameters(subject: Subject, trial: Trial) -> dict[str, str] | None:
    """Return letter -> variable: W and b, W1, b1, W2, b2, or g and b of a scale."""
    matrices, vectors = [], []
    for name in subject.parameters:
        p = np.asarray(trial.variables[name])
        is_matrix = p.ndim == 2 and min(p.shape) > 1
        if is_matrix or (not name.lower().startswith(("b", "beta")) and p.size > 1):
            matrices.append(name)
        else:
            vectors.append(name)
    found = {"X": subject.input} if subject.input else {}
    flat = [n for n in matrices if np.asarray(trial.variables[n]).ndim < 2]
    one_number_each = subject.input and trial.dY.ndim == 1 < trial.variables[subject.input].ndim
    if matrices and len(flat) == len(matrices) and not subject.is_loss and not one_number_each:
        found["g"] = flat[0]
        if vectors:
            found["b"] = vectors[0]
        return found if len(flat) == 1 and len(vectors) < 2 else None
    if len(matrices) > MOST_LAYERS or len(vectors) not in (0, len(matrices)):
        return {**found, "b": vectors[0]} if not matrices and len(vectors) == 1 else None
    several = len(matrices) > 1
    for number, name in enumerate(matrices, 1):
        found[f"W{number}" if several else "W"] = name
    for number, name in enumerate(vectors, 1):
        found[f"b{number}" if several else "b"] = name
    return found


def weights_of(letters: dict[str, str]) -> Weights:
    """Return (W, b) of each layer, in order."""
    found: Weights = []
    for letter in letters:
        if letter.startswith("W"):
            bias = "b" + letter[1:]
            found.append((letter, bias if bias in letters else None))
    return found


def _candidates(
    subject: Subject,
    letters: dict[str, str],
    notation: str,
    trials: Sequence[Trial],
    outputs: Sequence[Any],
) -> Iterator[Program]:
    weights = weights_of(letters)
    drafts: Iterator[Draft]
    if not subject.is_loss:
        plain = "g" in letters or ("b" in letters and not weights)
        names = [n for n in letters if n != "X"]
        drafts = architecture.scaling(names) if plain else architecture.layers(weights)
        for draft in drafts:
            yield _program(draft, letters, notation)
        return
    for form in every_form():
        for draft in architecture.networks(weights, form):
            program = _program(draft, letters, notation)
            factor = _factor(program, trials, outputs)
            if factor is not None:
                for exact in architecture.networks(weights, form.scaled(factor)):
                    if exact.story == draft.story:
                        yield _program(exact, letters, notation)


def _program(draft: Draft, letters: dict[str, str], notation: str) -> Program:
    return Program(
        draft.forward,
        draft.backward,
        letters,
        notation,
        draft.functions,
        draft.activations,
        draft.output,
        story=draft.story,
    )


def _values(program: Program, trial: Trial) -> dict[str, Any] | None:
    try:
        return program.run_forward(program.letters(trial))
    except (ChainruleError, ValueError, IndexError, KeyError, TypeError):
        return None


def _gives(program: Program, trial: Trial, expected: Any) -> bool:
    values = _values(program, trial)
    if values is None:
        return False
    name = "J" if "J" in values else program.output
    received = np.asarray(values[name], float)
    wanted = np.asarray(expected, float)
    wanted = wanted if name == "J" else to_rows("Y", wanted, program.notation, trial.m)
    if received.size != wanted.size or (
        received.ndim == 2 == wanted.ndim and received.shape != wanted.shape
    ):
        return False
    return close(received.ravel(), wanted.ravel(), SAME)


def close(received: Any, wanted: Any, within: float) -> bool:
    """Say whether two arrays of one shape agree, measured against the largest entry."""
    scale = float(np.abs(wanted).max(initial=0.0)) or 1.0
    off = float(np.abs(received - wanted).max(initial=0.0))
    return bool(off <= within * scale)


def _factor(program: Program, trials: Sequence[Trial], outputs: Sequence[Any]) -> Factor | None:
    """Return the factor between the code's loss and this form's plain sum, the same one always."""
    ratios = []
    for trial, output in zip(trials, outputs, strict=True):
        values = _values(program, trial)
        if values is None or not np.isfinite(values["J"]).all() or not values["J"].any():
            return None
        ratio = float(np.asarray(output).item()) / float(values["J"].item())
        ratios.append((ratio, values["m"], values.get("k", 1.0)))
    for number, divisor in FACTORS:
        fits = (abs(r * _divisor(divisor, m, k) / number - 1) <= 100 * SAME for r, m, k in ratios)
        if all(fits):
            return number, divisor
    return None


def _divisor(text: str, m: float, k: float) -> float:
    return {"": 1.0, "m": m, "k": k, "m * k": m * k, "m * m": m * m}[text]


def _unknown_elementwise(subject: Subject, trials: Sequence[Trial]) -> Program | None:
    """Return Y = f(X) for a function that is not in the table, with f′ taken numerically."""
    if subject.parameters or subject.is_loss or not subject.input:
        return None
    trial = trials[0]
    X = trial.variables[subject.input]
    if subject.forward(trial).shape != X.shape or not is_elementwise(subject, trial):
        return None

    def f(V: Any) -> Any:
        turned = V.T if samples_of(subject.notation) == "columns" else V
        Y = subject.forward(trial, {subject.input: np.asarray(turned, float)})
        return Y.T if samples_of(subject.notation) == "columns" else Y

    def slope(V: Any) -> Any:
        h = 1e-3
        return (8 * (f(V + h) - f(V - h)) - (f(V + 2 * h) - f(V - 2 * h))) / (12 * h)

    functions = {"f": Operation(f, "f", "f"), "d_f": Operation(slope, "f′", "f'")}
    return Program(
        {"Y": parse("f(X)")},
        {"dX": parse("dY * d_f(X)")},
        {"X": subject.input},
        subject.notation,
        functions,
        {"X": "f"},
        story="an elementwise function",
    )


def is_elementwise(subject: Subject, trial: Trial) -> bool:
    """Say whether each output depends on its own input alone."""
    X = np.asarray(trial.variables[subject.input])
    here = subject.forward(trial)
    for index in np.ndindex(X.shape):
        moved = X.copy()
        moved[index] += 0.01
        changed = subject.forward(trial, {subject.input: moved}) != here
        changed[index] = False
        if changed.any():
            return False
    return True
