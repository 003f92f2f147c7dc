"""A forward and its backward as lines of formulas, in rows, that can be run on a trial.

This is what a diagnosis works on: it changes one line, runs all of them again, and compares
what comes out with what the student's code gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.checking.subject import Trial
from chainrule.formulas import Expression, Functions, Operation, evaluate, samples_of
from chainrule.losses import one_hot
from chainrule.namespace import Array

SCALARS = frozenset({"m", "k"})


def _total(X: Any, *, samples: str) -> Any:
    return np.asarray(X).sum().reshape(1, 1)


def _single(at: int) -> Any:
    def pick(X: Any, *, samples: str) -> Any:
        rows = slice(at, at + 1 or None)
        return X[rows] if samples == "rows" else X[:, rows]

    return pick


# What wrong formulas need and right ones do not.
EXTRA: dict[str, Operation] = {
    "total": Operation(_total, "Σ", r"\sum", elementwise=False),
    "first": Operation(_single(0), "first", "first", elementwise=False),
    "last": Operation(_single(-1), "last", "last", elementwise=False),
}


@dataclass(frozen=True)
class Program:
    """Lines from name to formula; `variables` goes from its letters to the subject's variables."""

    forward: dict[str, Expression]
    backward: dict[str, Expression]
    variables: dict[str, str]
    notation: str
    functions: Functions = field(default_factory=dict)
    activations: dict[str, str] = field(default_factory=dict)  # Z1 -> sigmoid
    output: str = "Y"
    constants: Mapping[str, float] = field(default_factory=dict)
    story: str = ""

    @property
    def all_functions(self) -> Functions:
        """The program's functions, and those that only wrong formulas use."""
        return {**EXTRA, **self.functions}

    @property
    def gradients(self) -> dict[str, str]:
        """Line of the backward pass -> the subject's variable that it is the gradient of."""
        found = {f"d{letter}": variable for letter, variable in self.variables.items()}
        return {line: variable for line, variable in found.items() if line in self.backward}

    def letters(self, trial: Trial) -> dict[str, Any]:
        """Return the arrays of a trial as they lie in rows, under the program's letters."""
        found: dict[str, Any] = dict(self.constants)
        for letter, variable in self.variables.items():
            found[letter] = to_rows(letter, trial.variables[variable], self.notation, trial.m)
        found["m"] = float(trial.m)
        if ("X" in found and np.ndim(found["X"]) == 2) or "W" in "".join(self.variables):
            found["k"] = float(_outputs(found, self.variables))
        if np.ndim(trial.dY):
            found["dY"] = to_rows("dY", trial.dY, self.notation, trial.m)
        if trial.targets is not None:
            found["Y"] = self.targets(trial.targets, found, trial.m)
        return found

    def targets(self, targets: Any, found: Mapping[str, Any], m: int) -> Array:
        """Return the targets as rows of numbers; labels become one-hot rows."""
        Y = np.asarray(targets)
        if Y.dtype.kind in "iu" and Y.ndim == 1:
            k = _outputs(found, self.variables)
            return one_hot(Y, np.zeros((len(Y), k)))
        return np.asarray(to_rows("Y", Y, self.notation, m), float)

    def run_forward(self, letters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the letters together with what the forward lines give."""
        return self.run_lines(self.forward, dict(letters))

    def run_backward(
        self, values: Mapping[str, Any], changed: Mapping[str, Expression] | None = None
    ) -> dict[str, Any]:
        """Return the gradients, by line, with some lines exchanged for others."""
        return self.run_lines({**self.backward, **(changed or {})}, dict(values))

    def run_lines(self, lines: Mapping[str, Expression], values: dict[str, Any]) -> dict[str, Any]:
        """Execute lines in their order on top of the values; return both."""
        functions = self.all_functions
        with np.errstate(all="ignore"):
            for name, formula in lines.items():
                values[name] = evaluate(formula, values, functions)
        return values


def _outputs(found: Mapping[str, Any], variables: Mapping[str, str]) -> int:
    """Return how many outputs a network has: the columns of its last matrix, or of its input."""
    last = [np.shape(found[n]) for n in variables if n.startswith("W")]
    return int(last[-1][1] if last else np.shape(found["X"])[1])


def is_bias(letter: str) -> bool:
    """Say whether a program's letter is a vector that is added: b, b1, g of a scale."""
    return letter[:1] in "bg"


def to_rows(letter: str, array: Any, notation: str, m: int = 0) -> Any:
    """Return an array of the subject as it lies in rows: samples down, W (inputs, outputs), b (k,).

    A vector is one number for each of the m samples; where m is 1 it is the one sample.

    >>> to_rows("W", np.zeros((3, 2)), "columns").shape
    (2, 3)
    """
    array = np.asarray(array)
    if is_bias(letter):
        return array.reshape(-1)
    if letter.startswith("W"):
        if array.ndim == 1:
            return array[:, None]
        return array.T if notation == "columns" and array.ndim == 2 else array
    if array.ndim == 1:
        return array[None, :] if m == 1 else array[:, None]
    if array.ndim == 2 and samples_of(notation) == "columns":
        return array.T
    return array


def gradient_to_rows(letter: str, array: Any, notation: str) -> Any:
    """Return a received gradient as rows; one of a wrong shape is turned all the same."""
    array = np.asarray(array)
    if array.ndim != 2:
        return array
    if letter.startswith("W"):
        return array.T if notation == "columns" else array
    return array.T if samples_of(notation) == "columns" else array
