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

        Where none does (a ReLU that is off), its own output stands for them.
        """
        record = self.record
        moved = np.zeros(self.outputs.shape, bool)
        value = record.values["X"] if letter == "X" else record.params[letter]
        for sign in (1, -1):
            other = np.array(value)
            other[place] += sign * 1e-3 * (1 + abs(float(other[place])))
            params = record.tree if letter == "X" else replace(record.tree, {letter: other})
            X = other if letter == "X" else record.values["X"]
            Y, _ = record.layer.forward(params, X, record.context)
            scale = float(np.abs(Y).max()) or 1.0
            moved |= np.abs(Y - self.outputs) > 1e-12 * scale
        found = [tuple(int(i) for i in index) for index in np.argwhere(moved)]
        if not found and letter == "X" and value.shape == self.outputs.shape:
            return [place]
        return found
