"""Plain functions as subjects: propagate(w, b, X, Y), and pairs of a forward and a backward."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule.checking.recognition.recognise import recognise
from chainrule.checking.source import Code, line_of, place_of, raised_at
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.checking.subjects import calling, naming
from chainrule.checking.subjects.layouts import Layout, layouts
from chainrule.errors import ConfigurationError
from chainrule.formulas import samples_of
from chainrule.namespace import Array
from chainrule.randomness import Rng

Function = Callable[..., Any]


class CallSubject(Subject):
    """Functions of arrays, whose shapes are found by trying.

    `value` gives the output for named arrays, `slopes` the gradients. Subclasses say how.
    """

    def __init__(self, title: str, place: str, names: list[str], notation: str | None) -> None:
        self.title, self.place = title, place
        self.names = names
        inputs = [n for n in names if calling.is_input(n)]
        self.parameters = tuple(n for n in names if n not in inputs)
        self.input = inputs[0] if inputs else ""
        self.found_names: dict[str, tuple[tuple[str, ...], int]] = {}
        self.takes_targets = False
        self.layout = Layout("rows", (3,), (), ())

    def settle(self, notation: str | None, function: Function) -> None:
        """Find the layout: the first whose formulas are recognised, else the first that runs."""
        runs: list[Layout] = []
        said: BaseException | None = None
        for layout in layouts(self.parameters, notation, self.takes_targets):
            self.layout, self.notation = layout, layout.notation
            try:
                if not self._works():
                    continue
            except Exception as error:  # a student's code may raise anything
                said = said or error
                continue
            runs.append(layout)
            trials = [self.trial(4, 0), self.trial(7, 1)]
            if recognise(self, trials) is not None:
                return
        if not runs:
            place = raised_at(said, {_file(function)}) if said else ""
            reason = f": {type(said).__name__}: {said}" if said else ""
            raise ConfigurationError(
                f"{self.title} ran on none of the inputs tried, samples in rows and in columns"
                f"{reason}{f' ({place})' if place else ''}"
            )
        self.layout, self.notation = runs[0], runs[0].notation

    def _works(self) -> bool:
        """Say whether the present layout gives a finite output, one for each sample."""
        trial = self.trial(4, 0)
        Y = self.forward(trial)
        if Y.dtype.kind not in "fiu" or not np.isfinite(Y).all():
            return False
        if self.is_loss:
            return Y.size == 1
        X = trial.variables[self.input]
        if self.layout.vector:
            return Y.ndim == 1
        axis = 0 if samples_of(self.notation) == "rows" else X.ndim - 1
        if Y.ndim != X.ndim or Y.shape[axis] != X.shape[axis]:
            return False
        moved = X.copy()
        (moved[-1] if axis == 0 else moved[..., -1])[...] += 0.25
        Y2 = self.forward(trial, {self.input: moved})
        return bool((np.delete(Y2, -1, axis) == np.delete(Y, -1, axis)).all())

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng, layout = Rng(seed).at("check"), self.layout
        if square:
            layout = next(
                (
                    one
                    for one in layouts(self.parameters, self.notation, self.takes_targets, True)
                    if one.scalar_bias == layout.scalar_bias and one.wide_bias == layout.wide_bias
                ),
                layout,
            )
        m = 1 if layout.vector else m
        variables = {self.input: layout.data(rng, m)} if self.input else {}
        variables |= {name: layout.draw(name, rng) for name in self.parameters}
        variables = {n: variables[n] for n in self.names if n in variables} or variables
        trial = Trial(variables, np.ones(()), m, layout.target(rng, m))
        if self.is_loss:
            return trial
        from chainrule.checking.numbers import friendly

        return Trial(variables, friendly(rng.at("dY"), self.forward(trial).shape), m)

    def _sorted(self, parts: list[tuple[str, Any]], cost: bool) -> dict[str, Any]:
        """Return the gradients among what a function gave, by variable."""
        if cost:
            at = next(
                (
                    i
                    for i, (n, v) in enumerate(parts)
                    if calling.is_number(v) and calling.is_cost(n)
                ),
                None,
            )
            if at is None:
                at = next(
                    (
                        i
                        for i, (n, v) in enumerate(parts)
                        if calling.is_number(v) and not naming.gradient_of(n)
                    ),
                    0,
                )
            parts = [p for i, p in enumerate(parts) if i != at]
        found: dict[str, Any] = {}
        named = {name: value for name, value in parts if name}
        for variable in (*self.parameters, self.input):
            key = naming.find(variable, named, bare=True) if variable else None
            if key is not None:
                found[variable] = np.asarray(named.pop(key))
                at = [n for n, _ in parts].index(key)
                self.found_names[variable] = ((key,), at)
        taken = {id(v) for v in found.values()}
        rest = [
            (i, v) for i, (n, v) in enumerate(parts) if id(v) not in taken and (not n or n in named)
        ]
        order = [v for v in (self.input, *self.parameters) if v and v not in found]
        for (at, value), variable in zip(rest, order, strict=False):
            found[variable] = np.asarray(value)
            self.found_names[variable] = ((parts[at][0],) if parts[at][0] else (), at)
        return found

    def gradient_name(self, variable: str) -> str:
        names, _ = self.found_names.get(variable, ((), 0))
        known = names and naming.is_gradient_for(names[0], variable)
        return names[0] if known else f"d{variable}"

    def _line(self, function: Function, variable: str) -> Code | None:
        names, position = self.found_names.get(variable, ((), 0))
        if variable not in self.found_names:
            low = variable.lower()
            return line_of(function, (variable, low, f"d_{low[1:]}", "delta"), 99)
        return line_of(function, (*names, f"d{variable}"), position)


class ValueAndGradients(CallSubject):
    """A function that returns its cost and the gradients, in either order: `propagate`."""

    def __init__(self, function: Function, notation: str | None = None) -> None:
        signature = calling.signature_of(function)
        self.function, self.is_loss, self.output = function, True, "J"
        targets = [n for n in signature.required if calling.is_target(n)]
        names = [n for n in signature.required if n not in targets and not calling.is_rate(n)]
        super().__init__(function.__name__, place_of(function), names, notation)
        self.takes_targets = bool(targets)
        self.target = targets[0] if targets else "Y"
        self.input = self.input or (names[0] if len(names) == 1 else "")
        if len(names) == 1:
            self.parameters = ()
        self.settle(notation, function)

    def _call(self, trial: Trial, variables: Mapping[str, Any]) -> Any:
        with np.errstate(all="ignore"):
            known = {n: np.array(v) for n, v in variables.items()}
            known = {n: v if v.ndim else v[()] for n, v in known.items()}
            if trial.targets is not None:
                known[self.target] = copy.deepcopy(trial.targets)
            return calling.call(self.function, known)

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        returned = self._call(trial, {**trial.variables, **(changed or {})})
        parts = calling.parts_of(returned, self.function)
        numbers = [(n, v) for n, v in parts if calling.is_number(v)]
        named = [v for n, v in numbers if calling.is_cost(n)]
        plain = [v for n, v in numbers if not naming.gradient_of(n)]
        found = named or plain or [v for _, v in numbers]
        if not found:
            raise ConfigurationError(f"{self.title} returns no cost (one number) beside gradients")
        return np.asarray(found[0]).reshape(())

    def gradients(self, trial: Trial) -> Reply:
        given = {n: np.array(v) for n, v in trial.variables.items()}
        returned = self._call_in_place(trial, given)
        found = self._sorted(calling.parts_of(returned, self.function), cost=True)
        written = tuple(n for n, p in trial.variables.items() if not np.array_equal(p, given[n]))
        return Reply(found, written=written)

    def _call_in_place(self, trial: Trial, given: Mapping[str, Array]) -> Any:
        known: dict[str, Any] = {n: v if v.ndim else v[()] for n, v in given.items()}
        if trial.targets is not None:
            known[self.target] = copy.deepcopy(trial.targets)
        with np.errstate(all="ignore"):
            return calling.call(self.function, known)

    def code(self, variable: str) -> Code | None:
        return self._line(self.function, variable)


def _file(function: Any) -> str:
    try:
        return inspect.getsourcefile(function) or ""
    except TypeError:
        return ""
