"""A forward and a backward function as a subject, or an activation and its derivative."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from chainrule.checking.measure import measure
from chainrule.checking.source import Code, place_of
from chainrule.checking.subject import Reply, Trial
from chainrule.checking.subjects import calling
from chainrule.checking.subjects.functions import CallSubject, Function
from chainrule.namespace import Array

OUTPUTS = frozenset({"a", "y", "out", "output", "s", "y_hat", "yhat", "y_pred"})


class FunctionPair(CallSubject):
    """A forward and a backward function, an activation and its derivative, a loss and its gradient.

    A backward that wants no gradient from above is taken as the derivative f′(x), entry by entry,
    so dX = dY ⊙ f′(x); one that gives f′ in terms of the output is tried with the output too.
    """

    def __init__(self, forward: Function, backward: Function, notation: str | None = None) -> None:
        self.f, self.backward = forward, backward
        wanted = calling.signature_of(forward).required
        targets = [n for n in wanted if calling.is_target(n)] if len(wanted) > 1 else []
        names = [n for n in wanted if n not in targets]
        place = place_of(forward)
        title = f"{forward.__name__} and {backward.__name__}"
        super().__init__(title, place, names, notation)
        self.takes_targets = self.is_loss = bool(targets)
        self.output = "J" if self.is_loss else "Y"
        self.target = targets[0] if targets else "Y"
        if not self.input and names:
            self.input = names[0]
            self.parameters = tuple(names[1:])
        self.back = calling.signature_of(backward)
        upstream = [n for n in self.back.required if calling.is_upstream(n) and n not in names]
        self.entrywise = not self.is_loss and not upstream and len(names) == 1
        self.upstream = upstream[0] if upstream else "dY"
        if self.upstream in ("dA", "dZ", "da", "dz") and not self.is_loss:
            self.output = self.upstream[1:]
        self.of_output = False
        self.settle(notation, forward)
        if self.entrywise:
            self._choose_argument()

    def _choose_argument(self) -> None:
        """Decide whether the derivative takes x or f(x): the one for which it is right."""
        trial = self.trial(4, 0)
        for of_output in (False, True):
            self.of_output = of_output
            try:
                if measure(self, trial).passed:
                    if of_output:
                        self.notes = (f"{self.backward.__name__} takes the output, f(x)",)
                    return
            except Exception:
                continue
        first = (self.back.required or ("x",))[0].lower()
        self.of_output = first in ("a", "y", "out", "output", "s", "fx", "activated", "activation")

    def _known(self, trial: Trial, variables: Mapping[str, Any]) -> dict[str, Any]:
        known: dict[str, Any] = {n: np.array(v) for n, v in variables.items()}
        if trial.targets is not None:
            known[self.target] = copy.deepcopy(trial.targets)
        return known

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        known = self._known(trial, {**trial.variables, **(changed or {})})
        with np.errstate(all="ignore"):
            returned = calling.call(self.f, known)
        Y = np.asarray(returned[0] if isinstance(returned, tuple) else returned)
        return Y.reshape(()) if self.is_loss and Y.size == 1 else Y

    def gradients(self, trial: Trial) -> Reply:
        known = self._known(trial, trial.variables)
        returned = calling.call(self.f, known)
        Y, rest = (returned[0], returned[1:]) if isinstance(returned, tuple) else (returned, ())
        dY = np.array(trial.dY)
        with np.errstate(all="ignore"):
            if self.entrywise:
                at = Y if self.of_output else known[self.input]
                slope = np.asarray(self.backward(at))
                self.found_names[self.input] = ((), 0)
                found = {self.input: dY * slope if slope.shape == dY.shape else slope}
            else:
                found = self._sorted(self._back(known, Y, rest, dY), cost=False)
        written = tuple(n for n, p in trial.variables.items() if not np.array_equal(p, known[n]))
        return Reply(found, written=written)

    def _back(self, known: dict[str, Any], Y: Any, rest: Any, dY: Array) -> list[tuple[str, Any]]:
        given = dict(known)
        for name in self.back.required:
            if name in given:
                continue
            low = name.lower()
            if name == self.upstream:
                given[name] = dY
            elif low in ("cache", "caches", "ctx", "memory") and rest:
                given[name] = rest[0] if len(rest) == 1 else rest
            elif low in OUTPUTS and not self.is_loss:
                given[name] = Y
            elif self.is_loss or len(self.back.required) <= 2:
                given[name] = known[self.input]
        return calling.parts_of(calling.call(self.backward, given), self.backward)

    def code(self, variable: str) -> Code | None:
        return self._line(self.backward, variable)


def derivative_names(name: str) -> Iterator[str]:
    """Give the names that a derivative of the function `name` may have.

    >>> "sigmoid_prime" in derivative_names("sigmoid"), "backward" in derivative_names("forward")
    (True, True)
    """
    if "forward" in name:
        yield name.replace("forward", "backward")
        yield name.replace("forward", "backprop")
        yield name.replace("forward", "back")
    for end in ("prime", "derivative", "deriv", "grad", "gradient", "backward", "der", "back"):
        yield f"{name}_{end}"
        yield f"{end}_{name}"
    yield from (f"d{name}", f"d_{name}", f"{name}Prime", f"{name}_d", f"{name}_p")
    if name == "f":
        yield from ("df", "fprime", "g")
