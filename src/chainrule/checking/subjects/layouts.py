"""How a student's arrays may lie: which shapes to hand to code that says nothing about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from chainrule.checking.numbers import friendly, labels, probabilities, target_rows
from chainrule.checking.subjects.naming import is_bias
from chainrule.formulas import samples_of
from chainrule.namespace import Array
from chainrule.randomness import Rng

INPUTS, HIDDEN, OUTPUTS = 2, 5, 3  # all different, so that no transpose fits by accident
SQUARE = 3


@dataclass(frozen=True)
class Layout:
    """Shapes of everything, for m samples; `flat` vectors for one output, `labels` as targets."""

    notation: str
    sizes: tuple[int, ...]  # inputs, hidden units, outputs
    weights: tuple[str, ...]
    biases: tuple[str, ...]
    flat: bool = False  # w (n,), Y (m,): one output without an axis for it
    scalar_bias: bool = False
    wide_bias: bool = False  # b (1, k) in rows
    targets: str = ""  # "", "dense", "labels"
    probabilities: bool = False
    vector: bool = False  # one sample, X (n,)

    def draw(self, name: str, rng: Rng) -> Array:
        """Return a parameter's numbers."""
        if name in self.weights:
            at = self.weights.index(name)
            n, k = self.sizes[at], self.sizes[at + 1]
            if self.flat:
                return friendly(rng.at(name), (n,))
            return friendly(rng.at(name), (k, n) if self.notation == "columns" else (n, k))
        k = self.sizes[self.biases.index(name) + 1]
        if self.scalar_bias:
            return np.asarray(friendly(rng.at(name), (1,))[0])
        if self.vector:
            return friendly(rng.at(name), (k,))
        if samples_of(self.notation) == "columns":
            return friendly(rng.at(name), (k, 1))
        return friendly(rng.at(name), (1, k) if self.wide_bias else (k,))

    def data(self, rng: Rng, m: int) -> Array:
        """Return X."""
        n = self.sizes[0]
        if self.vector:
            return friendly(rng.at("X"), (n,))
        X = friendly(rng.at("X"), (m, n))
        if self.probabilities:
            X = probabilities(rng.at("X"), (m, n) if n > 1 else (m, 1))
        if self.flat and not self.weights:
            return X[:, 0]
        return X.T if samples_of(self.notation) == "columns" else X

    def target(self, rng: Rng, m: int) -> Array | None:
        """Return Y: flags for one output, one-hot for several, or labels."""
        k = self.sizes[-1]
        if not self.targets:
            return None
        if self.targets == "labels":
            return labels(rng.at("Y"), m, max(k, 2))
        Y = target_rows(rng.at("Y"), m, k)
        if self.flat:
            return Y[:, 0]
        if self.vector:
            return Y[0]
        return Y.T if samples_of(self.notation) == "columns" else Y


def layouts(
    parameters: Sequence[str], notation: str | None, targets: bool, square: bool = False
) -> Iterator[Layout]:
    """Give the ways in which code with these parameters may want its arrays, likeliest first."""
    weights = tuple(p for p in parameters if not is_bias(p))
    biases = tuple(p for p in parameters if is_bias(p))
    notations = [notation] if notation else ["rows", "columns", "transposed"]
    kinds = ["dense", "labels"] if targets else [""]
    if not weights:
        for proper in (False, True) if targets else (False,):
            for way in notations if notation else ["rows", "columns"]:
                for kind in kinds:
                    yield Layout(way, (OUTPUTS,), (), (), targets=kind, probabilities=proper)
            if targets:
                yield Layout("rows", (1,), (), (), True, targets="dense", probabilities=proper)
        return
    hidden = [HIDDEN + i for i in range(len(weights) - 1)]
    for outputs in (1, OUTPUTS) if targets else (OUTPUTS,):
        sizes = (INPUTS, *hidden, outputs)
        if square:
            sizes = (SQUARE,) * (len(weights)) + (SQUARE if outputs > 1 or not targets else 1,)
        for way in notations:
            for kind in kinds:
                if kind == "labels" and outputs == 1:
                    continue
                plain = Layout(way, sizes, weights, biases, targets=kind)
                yield plain
                if biases and samples_of(way) == "rows":
                    yield Layout(way, sizes, weights, biases, wide_bias=True, targets=kind)
                if outputs == 1:
                    yield Layout(way, sizes, weights, biases, scalar_bias=True, targets=kind)
    if targets and len(weights) == 1:
        yield Layout("rows", (INPUTS, 1), weights, biases, True, True, targets="dense")
    for way in notations:
        yield Layout(
            way, (INPUTS, *hidden, OUTPUTS), weights, biases, vector=True, targets=kinds[0]
        )
