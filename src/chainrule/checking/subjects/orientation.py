"""A student's object: finding out which way its arrays lie, by trying."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np

from chainrule.checking.numbers import another_batch, friendly, labels, probabilities, target_rows
from chainrule.checking.source import place_of, raised_at
from chainrule.checking.subject import Subject, Trial
from chainrule.checking.subjects import calling, naming
from chainrule.checking.subjects.arrays import Attribute, arrays_of, short_of
from chainrule.errors import ConfigurationError
from chainrule.formulas import NOTATIONS, samples_of
from chainrule.namespace import Array
from chainrule.randomness import Rng

FORWARD = (
    "forward",
    "forward_propagation",
    "forward_pass",
    "feedforward",
    "feed_forward",
    "__call__",
    "call",
    "loss",
    "value",
)
BACKWARD = (
    "backward",
    "backward_propagation",
    "backpropagation",
    "backprop",
    "backpropagate",
    "backward_pass",
    "back",
    "gradient",
    "grad",
    "derivative",
    "prime",
)
FREE, NARROW = 3, 2  # features, where no weight fixes them


class ObjectSubject(Subject):
    """An object with a forward and a backward, run on arrays whose shapes are found by trying.

    Raises ConfigurationError where there is no such pair of methods, or where forward takes none
    of the shapes tried (with the last thing that it said, and its line).
    """

    def __init__(
        self,
        thing: Any,
        title: str = "",
        notation: str | None = None,
        X: Any = None,
        targets: Any = None,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        self.object, self.given, self.given_targets = thing, X, targets
        cls = type(thing)
        self.file = _file_of(cls)
        self.title, self.place = title or cls.__name__, place_of(cls)
        self.forward_method = _method(thing, FORWARD)
        self.backward_method = _method(thing, BACKWARD)
        if not self.forward_method or not self.backward_method:
            missing = "forward" if not self.forward_method else "backward"
            raise ConfigurationError(f"{self.title} ({self.place}) has no method {missing}(…)")
        wanted = calling.signature_of(getattr(thing, self.forward_method)).required
        self.is_loss = len(wanted) > 1 and calling.is_target(wanted[1])
        self.input = wanted[0] if wanted else "X"
        self.output = "J" if self.is_loss else "Y"
        backward = calling.signature_of(getattr(thing, self.backward_method))
        named = [n for n in backward.required if calling.is_upstream(n)]
        self.upstream = named[0] if named and named[0].startswith("d") else "dY"
        if self.upstream in ("dA", "dZ", "da", "dz") and not self.is_loss:
            self.output = self.upstream[1:]
        self.attributes: dict[str, Attribute] = {}
        self.width, self.probable, self.vector = FREE, False, False
        if shape:
            self.width = shape[0]
        self.kind, self.found_names = "dense", dict[str, tuple[tuple[str, ...], int]]()
        self.notation = self._orient(notation)
        if X is None and not shape and self._is_square_by_choice():
            self.width = NARROW  # a transpose that is missing shows on other shapes only
            self.notation = self._orient(notation)
        self.target = wanted[1] if self.is_loss else "Y"
        self.parameters = tuple(self.attributes)

    # --- which way the arrays lie -------------------------------------------------------------

    def _orient(self, asked: str | None) -> str:
        ways = [asked] if asked else ["rows", "columns", "transposed"]
        said: BaseException | None = None
        fallback: tuple[str, int, str, bool] | None = None
        kinds = ("dense", "labels") if self.is_loss else ("dense",)
        proper = (False, True) if self.is_loss else (False,)
        for vector in (False, True):
            for width, kind, probable, way in product(self._widths(), kinds, proper, ways):
                self.width, self.kind, self.probable, self.vector = width, kind, probable, vector
                try:
                    independent = self._runs(way)
                except Exception as error:  # a student's code may raise anything
                    said = said or error
                    continue
                if independent:
                    return way
                if independent is False and fallback is None:
                    fallback = way, width, kind, probable
            if fallback:
                break
        if fallback is None:
            place = raised_at(said, {self.file}) if said else ""
            reason = f": {type(said).__name__}: {said}" if said else ""
            raise ConfigurationError(
                f"{self.title}.{self.forward_method} ran on none of the inputs tried, samples in "
                f"rows and in columns{reason}{f' ({place})' if place else ''}"
            )
        way, self.width, self.kind, self.probable = fallback
        self.vector = False
        self._runs(way)
        return way

    def _is_square_by_choice(self) -> bool:
        """Say whether weights made at the first forward came out square because of our X."""
        own = arrays_of(self.object)
        made = [a.get(self.ready) for n, a in self.attributes.items() if n not in own]
        return any(p.ndim == 2 and p.shape[0] == p.shape[1] == FREE for p in made)

    def _widths(self) -> list[int]:
        """Return how many inputs to try: the given ones, or the sizes of the weights."""
        if self.given is not None:
            return [0]
        sizes = []
        for array in arrays_of(self.object).values():
            p = array.get(self.object)
            if p.ndim and array.name[:1].lower() not in "d":
                sizes += [n for n in p.shape if n > 0]
        found = list(dict.fromkeys(sizes)) or [self.width]
        return found if not self.is_loss else [self.width, 1]

    def _runs(self, way: str) -> bool | None:
        """Try this orientation: True if each sample has its own output, None if it does not fit."""
        m = 1 if self.vector else 4
        self.notation = way
        X = self._data(Rng(0).at("try"), m)
        m = 1 if self.vector else X.shape[_axis(way, X)]
        thing = copy.deepcopy(self.object)
        Y = self._call_forward(thing, X, self._targets(Rng(0).at("try"), X))
        self.attributes = self._parameters_of(thing, X)
        made = set(self.attributes) - set(arrays_of(self.object, scalars=True))
        self.ready = thing if made else self.object  # weights may be made by the first forward
        if not np.isfinite(Y).all():
            return None
        if self.is_loss:
            return True if Y.size == 1 else None
        if self.vector:
            return Y.ndim == 1 or None
        one_number_each = Y.ndim == 1 and X.ndim == 2  # w (n,), one output without an axis
        if (Y.ndim != X.ndim and not one_number_each) or Y.shape[_axis(way, Y)] != m:
            return None
        moved = X.copy()
        axis = _axis(way, X)
        _sample(moved, axis, -1)[...] += 0.25
        Y2 = self._call_forward(copy.deepcopy(thing), moved, None)
        out = _axis(way, Y)
        same = np.delete(Y2, -1, out) == np.delete(Y, -1, out)
        return bool(np.all(same))

    def _parameters_of(self, thing: Any, X: Array) -> dict[str, Attribute]:
        """Return the arrays on the object that change the output when they are changed."""
        targets = self._targets(Rng(0).at("try"), X)
        Y = self._call_forward(copy.deepcopy(thing), X, targets)
        found = {}
        for name, attribute in arrays_of(thing, scalars=True).items():
            scalar = np.ndim(attribute.get(thing)) == 0
            if scalar and naming.base(short_of(name))[:1] not in "wb":
                continue  # a slope or a rate is no parameter
            other = copy.deepcopy(thing)
            p = np.asarray(attribute.get(other), float)
            for nudge in (0.25, -0.35):  # two ways, since a kink may hide one
                attribute.set(other, p + nudge)
                with np.errstate(all="ignore"):
                    try:
                        moved = self._call_forward(other, X, targets)
                    except Exception:
                        break
                if moved.shape == Y.shape and not np.array_equal(moved, Y):
                    found[name] = attribute
                    break
        return found

    # --- the numbers --------------------------------------------------------------------------

    def _data(self, rng: Rng, m: int) -> Array:
        if self.given is not None:
            return another_batch(np.asarray(self.given, float), rng.seed, m, self.notation)
        if self.vector:
            return friendly(rng.at("X"), (self.width,))
        X = friendly(rng.at("X"), (m, self.width))
        if self.probable:
            X = probabilities(rng.at("X"), (m, self.width))
        return X.T if samples_of(self.notation) == "columns" else X

    def _targets(self, rng: Rng, X: Array) -> Any:
        if not self.is_loss:
            return None
        if self.given_targets is not None:
            return another_batch(np.asarray(self.given_targets), rng.seed, len(X), self.notation)
        rows = X.T if samples_of(self.notation) == "columns" else X
        m, k = rows.shape if rows.ndim == 2 else (1, len(rows))
        if self.kind == "labels":
            return labels(rng.at("Y"), m, k)
        Y = target_rows(rng.at("Y"), m, k)
        if self.vector:
            return Y[0]
        return Y.T if samples_of(self.notation) == "columns" else Y

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng = Rng(seed).at("check")
        width = self.width
        if square:
            self.width = FREE
        try:
            X = self._data(rng, m)
        finally:
            self.width = width
        variables = {self.input: X}
        for name, attribute in self.attributes.items():
            p = np.asarray(attribute.get(self.ready), float)
            if square:
                p = np.zeros(tuple(FREE if n > 1 else n for n in p.shape))
            keep = seed == 0 and not square and informative(p)
            variables[name] = p.copy() if keep else friendly(rng.at(name), p.shape)
        m = 1 if self.vector else X.shape[_axis(self.notation, X)]
        trial = Trial(variables, np.ones(()), m, self._targets(rng, X))
        if self.is_loss:
            return trial
        dY = friendly(rng.at("dY"), self.forward(trial).shape)
        return Trial(variables, dY, m)

    # --- running it ---------------------------------------------------------------------------

    def _call_forward(self, thing: Any, X: Array, targets: Any) -> Array:
        method = getattr(thing, self.forward_method)
        with np.errstate(all="ignore"):
            returned = method(X, targets) if self.is_loss else method(X)
        if isinstance(returned, tuple):
            thing.__dict__["_chainrule_cache"] = returned[1:]
            returned = returned[0]
        if returned is None:
            raise ConfigurationError(f"{self.forward_method} returned nothing")
        return np.asarray(returned)

    def _prepared(self, variables: Mapping[str, Array]) -> Any:
        thing = copy.deepcopy(self.ready)
        for name, attribute in self.attributes.items():
            attribute.set(thing, variables[name].copy())
        return thing

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        now = {**trial.variables, **(changed or {})}
        thing = self._prepared(now)
        return self._call_forward(thing, now[self.input].copy(), copy.deepcopy(trial.targets))


def informative(p: Array) -> bool:
    """Say whether weights tell slips apart: none near 0, and not all alike."""
    few = p.size == 0 or not np.isfinite(p).all() or bool((np.abs(p) < 0.05).any())
    return not few and (p.size == 1 or float(np.ptp(p)) > 0.05) and float(np.abs(p).max()) < 10


def _method(thing: Any, names: tuple[str, ...]) -> str:
    found = [n for n in names if callable(getattr(thing, n, None))]
    return found[0] if found else ""


def _axis(way: str, X: Array) -> int:
    return 0 if NOTATIONS[way] == "rows" else X.ndim - 1


def _sample(X: Array, axis: int, at: int) -> Array:
    return X[at] if axis == 0 else X[..., at]


def _file_of(cls: type) -> str:
    try:
        return inspect.getsourcefile(cls) or ""
    except TypeError:
        return ""
