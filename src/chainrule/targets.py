"""Targets: how y, as users have it, becomes what a loss takes, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.errors import ConfigurationError, DataError, ShapeError
from chainrule.inputs import as_array, check_finite, describe_dtype
from chainrule.losses import Loss
from chainrule.namespace import Array

Kind = Literal["labels", "flags", "values"]


@dataclass(frozen=True)
class Targets:
    """What y is: labels of classes, 0/1 flags, or values; `classes` are the labels' names.

    `flat` says that y has one axis, so that predictions have one as well.

    >>> from chainrule.losses import SoftmaxCrossEntropy
    >>> targets = Targets.learn(np.array(["cat", "dog", "cat"]), SoftmaxCrossEntropy(), 2)
    >>> targets.encode(np.array(["dog", "cat"]))
    array([1, 0], dtype=int32)
    >>> targets.decode(np.array([[0.1, 0.9]]), SoftmaxCrossEntropy())
    array(['dog'], dtype='<U3')
    """

    kind: Kind
    outputs: int
    classes: tuple[str, ...] | tuple[int, ...] | None = None
    flat: bool = True

    @classmethod
    def learn(
        cls, y: Any, loss: Loss, outputs: int, classes: tuple[str, ...] | None = None
    ) -> Targets:
        """Return what the targets `y` are for this loss and this number of outputs."""
        Y = as_array(y, "y")
        flat = Y.ndim == 1
        if loss.task == "classes" or (loss.task == "regression" and flat and outputs > 1):
            kind: Kind = "labels"
        else:
            kind = "flags" if loss.task == "binary" else "values"
        if classes is None and flat and kind != "values" and Y.dtype.kind in "OUS":
            classes = tuple(str(c) for c in np.unique(Y.astype(str)))
        expected = 2 if kind == "flags" else outputs
        if classes is not None and len(classes) != expected:
            what = (
                "a yes/no loss has 2 classes"
                if kind == "flags"
                else f"the network has {outputs} outputs"
            )
            raise DataError(f"{what}, but y has {len(classes)}: {', '.join(map(str, classes[:8]))}")
        return cls(kind, outputs, classes, flat)

    @classmethod
    def assumed(cls, loss: Loss, outputs: int, classes: tuple[str, ...] | None) -> Targets:
        """Return what a model that has seen no targets yet answers with.

        >>> from chainrule.losses import SoftmaxCrossEntropy
        >>> Targets.assumed(SoftmaxCrossEntropy(), 3, None).kind
        'labels'
        """
        kinds: dict[str, Kind] = {"classes": "labels", "binary": "flags", "regression": "values"}
        return cls(kinds[loss.task], outputs, classes, flat=loss.task != "regression")

    def encode(self, y: Any, name: str = "y") -> Array:
        """Return labels as int32 (m,), everything else as numbers (m, outputs).

        Raises DataError for a label out of range, an unknown class or a flag that is not 0 or 1;
        ShapeError for another number of columns.
        """
        Y = as_array(y, name)
        if Y.ndim == 1 and self.kind != "values":
            Y = self._indices(Y, name)
            return Y if self.kind == "labels" else Y[:, None].astype(np.float64)
        if Y.dtype.kind not in "fiub":
            raise DataError(f"{name} must be numbers here, got {describe_dtype(Y)}")
        if Y.ndim == 1:
            Y = Y[:, None]
        if Y.ndim != 2 or Y.shape[1] != self.outputs:
            column = self.kind == "labels" and Y.ndim == 2 and Y.shape[1] == 1
            raise ShapeError(
                f"{name} must be (samples, {self.outputs}), one column per output of the network, "
                f"got {np.shape(y)}" + (f": labels? pass {name}[:, 0]" if column else "")
            )
        check_finite(Y, name)
        if self.kind == "flags":
            self._check_range(Y, 1, name)
        return Y

    def decode(self, Z: Array, loss: Loss) -> Array:
        """Return the network's answer for outputs Z: labels, flags or values."""
        if self.kind == "labels":
            return self.named(Z.argmax(axis=1))
        if self.kind == "flags":
            return self.named((loss.threshold < Z).astype(np.int64))
        return self.named(loss.predictions(Z))

    def named(self, answers: Array) -> Array:
        """Return class indices, flags or values as the user has them: by name, and in one column.

        >>> Targets("labels", 2, ("cat", "dog")).named(np.array([1, 0]))
        array(['dog', 'cat'], dtype='<U3')
        """
        if self.kind != "values" and self.classes is not None:
            answers = np.array(self.classes)[answers]
        return answers[:, 0] if answers.ndim > 1 and self.flat and self.outputs == 1 else answers

    def _indices(self, Y: Array, name: str) -> Array:
        """Return the class index of each label."""
        if Y.dtype.kind in "OUS":
            if self.classes is None:
                raise DataError(
                    f"{name} is {describe_dtype(Y)}, but the model's classes have no names"
                )
            position = {str(c): i for i, c in enumerate(self.classes)}
            unknown = [i for i, label in enumerate(Y) if str(label) not in position]
            if unknown:
                raise DataError(
                    f"{name}[{unknown[0]}] = {str(Y[unknown[0]])!r} is no known class: "
                    f"{', '.join(map(str, self.classes[:12]))}"
                )
            return np.array([position[str(label)] for label in Y], np.int32)
        check_finite(Y, name)
        top = 1 if self.kind == "flags" else self.outputs - 1
        self._check_range(Y, top, name)
        whole = Y.astype(np.int32)
        if Y.dtype.kind == "f" and (whole != Y).any():
            i = int((whole != Y).argmax())
            raise DataError(f"{name}[{i}] = {Y[i]} is no label: labels are whole numbers")
        return whole

    def _check_range(self, Y: Array, top: int, name: str) -> None:
        bad = (Y < 0) | (top < Y)
        if bad.any():
            place = np.unravel_index(int(bad.argmax()), Y.shape)
            where = ", ".join(str(int(i)) for i in place)
            what = (
                "a yes/no target is 0 or 1"
                if self.kind == "flags"
                else (f"the network has {self.outputs} outputs, so labels run from 0 to {top}")
            )
            raise DataError(f"{name}[{where}] = {Y[place]} is out of range: {what}")

    def to_config(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        classes = None if self.classes is None else list(self.classes)
        return {"kind": self.kind, "outputs": self.outputs, "classes": classes, "flat": self.flat}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Targets:
        """Return the targets that `to_config` wrote."""
        if config.get("kind") not in ("labels", "flags", "values"):
            raise ConfigurationError(f"unknown kind of targets {config.get('kind')!r}")
        classes = config["classes"]
        return cls(
            config["kind"],
            int(config["outputs"]),
            None if classes is None else tuple(classes),
            bool(config["flat"]),
        )
