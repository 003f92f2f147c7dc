"""One layer's own derivatives, ∂Y/∂X and ∂Y/∂W entry by entry, from its true backward.

A row of a Jacobian is what `backward` returns for a dY that is 1 at one entry and 0 elsewhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.explaining.trace import Record
from chainrule.namespace import Array
from chainrule.tree import flatten, replace

Place = tuple[int, ...]


class Local:
    """The derivatives of one layer at one pass."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._rows: dict[Place, tuple[Array, Any]] = {}

    @property
    def outputs(self) -> Array:
        """What the layer gave."""
        return self.record.values["Y"]

    def derivative(self, output: Place, letter: str, place: Place) -> float:
        """Return ∂Y[output]/∂letter[place]; letter "X", or a parameter's name."""
        if output not in self._rows:
            if len(self._rows) > 256:
                self._rows.clear()
            unit = np.zeros_like(self.outputs)
            unit[output] = 1.0
            record = self.record
            dX, gradients = record.layer.backward(record.tree, record.cache, unit)
            self._rows[output] = dX, flatten(gradients)
        dX, gradients = self._rows[output]
        return float((dX if letter == "X" else gradients[letter])[place])

    def affected(self, letter: str, place: Place) -> list[Place]:
        """Return the outputs that an entry moves: those that change when it is nudged.

        Where none does (a ReLU that is off), its own output stands for them; for a weight whose
        inputs are 0 the outputs that it would move with other inputs.
        """
        X = self.record.values["X"]
        found = self.moved(letter, place, X)
        if not found and letter == "X" and X.shape == self.outputs.shape:
            return [place]
        if not found and letter != "X" and X.dtype.kind == "f":
            return self.moved(letter, place, np.ones_like(X))
        return found

    def moved(self, letter: str, place: Place, X: Array) -> list[Place]:
        """Return the outputs that change for these inputs when an entry is nudged."""
        record = self.record
        before, _ = record.layer.forward(record.tree, X, record.context)
        scale = float(np.abs(before).max()) or 1.0
        changed = np.zeros(before.shape, bool)
        value = X if letter == "X" else record.params[letter]
        for sign in (1, -1):
            other = np.array(value)
            other[place] += sign * 1e-3 * (1 + abs(float(other[place])))
            params = record.tree if letter == "X" else replace(record.tree, {letter: other})
            Y, _ = record.layer.forward(params, other if letter == "X" else X, record.context)
            changed |= np.abs(Y - before) > 1e-12 * scale
        return [tuple(int(i) for i in index) for index in np.argwhere(changed)]
