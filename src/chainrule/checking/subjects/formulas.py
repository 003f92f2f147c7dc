"""Formulas alone as a subject: {"forward": {"Y": "X @ W + b"}, "backward": {"dX": "dY @ W.T"}}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.checking.numbers import friendly
from chainrule.checking.source import Code
from chainrule.checking.subject import Reply, Subject, Trial
from chainrule.checking.subjects.layouts import Layout, layouts
from chainrule.checking.subjects.naming import is_bias
from chainrule.derivation import Formulas
from chainrule.errors import ChainruleError, ConfigurationError
from chainrule.formulas import letters_in, parse, run, samples_of
from chainrule.namespace import Array
from chainrule.randomness import Rng

DATA = ("X", "Z", "A")


def as_formulas(given: Any) -> Formulas:
    """Return formulas from a mapping with "forward" and "backward"; a bare forward gives Y."""
    if isinstance(given, Formulas):
        return given
    forward, backward = given.get("forward"), given.get("backward")
    if not forward or not isinstance(backward, Mapping) or not backward:
        raise ConfigurationError(
            'formulas to check are {"forward": {"Y": "X @ W + b"}, "backward": {"dX": "dY @ W.T"}}'
        )
    forward = {"Y": forward} if isinstance(forward, str) else forward
    return Formulas(forward=forward, backward=backward, functions=given.get("functions", {}))


class FormulaSubject(Subject):
    """A forward and a backward in the formula language, on arrays in rows or columns."""

    def __init__(self, given: Any, notation: str | None = None, title: str = "formulas") -> None:
        self.lines = as_formulas(given)
        self.title, self.output = title, list(self.lines.forward)[-1]
        forward, made = self.lines.forward, set(self.lines.forward)
        used = dict.fromkeys(n for f in forward.values() for n in letters_in(parse(f)))
        letters = [n for n in used if n not in made and n not in ("m", "k", "n")]
        self.is_loss = self.output == "J"
        data = [n for n in letters if n in DATA] or [n for n in letters if not is_bias(n)][:1]
        if not data:
            raise ConfigurationError(f"the forward formulas {dict(forward)} have no input X")
        self.input = data[0]
        targets = [n for n in letters if n == "Y" or n == "T"]
        self.target = targets[0] if targets else "Y"
        self.parameters = tuple(n for n in letters if n != self.input and n not in targets)
        self.upstream = f"d{self.output}"
        self._settle(notation, bool(targets))

    def _settle(self, notation: str | None, targets: bool) -> None:
        said: Exception | None = None
        for layout in layouts(self.parameters, notation, targets):
            if layout.targets == "labels" or layout.flat or layout.vector:
                continue
            self.layout: Layout = layout
            self.notation = layout.notation
            try:
                trial = self.trial(4, 0)
                Y = self.forward(trial)
            except (ChainruleError, ValueError) as error:
                said = said or error
                continue
            axis = 0 if samples_of(layout.notation) == "rows" else 1
            if np.isfinite(Y).all() and (self.is_loss or Y.shape[axis] == 4):
                return
        if isinstance(said, ChainruleError):
            raise said
        raise ConfigurationError(
            f"the formulas {dict(self.lines.forward)} ran on none of the inputs"
        )

    def trial(self, m: int, seed: int, square: bool = False) -> Trial:
        rng, layout = Rng(seed).at("check"), self.layout
        if square:
            layout = next(iter(layouts(self.parameters, self.notation, bool(layout.targets), True)))
        variables = {self.input: layout.data(rng, m)}
        variables |= {n: layout.draw(n, rng) for n in self.parameters}
        trial = Trial(variables, np.ones(()), m, layout.target(rng, m))
        if self.is_loss:
            return trial
        return Trial(variables, friendly(rng.at("dY"), self.forward(trial).shape), m)

    def _values(self, trial: Trial, variables: Mapping[str, Array]) -> dict[str, Any]:
        letters: dict[str, Any] = dict(variables)
        if trial.targets is not None:
            letters[self.target] = trial.targets
        X = letters[self.input]
        samples = samples_of(self.notation)
        letters["m"] = float(trial.m)
        letters["k"] = float(X.shape[1 if samples == "rows" else 0])
        return run(self.lines.forward, letters, self.lines.functions, samples)

    def forward(self, trial: Trial, changed: Mapping[str, Array] | None = None) -> Array:
        values = self._values(trial, {**trial.variables, **(changed or {})})
        Y = np.asarray(values[self.output])
        return Y.reshape(()) if self.is_loss else Y

    def gradients(self, trial: Trial) -> Reply:
        values = self._values(trial, trial.variables)
        if not self.is_loss:
            values[self.upstream] = trial.dY
        values = run(self.lines.backward, values, self.lines.functions, samples_of(self.notation))
        names = (self.input, *self.parameters)
        return Reply({n: values[f"d{n}"] for n in names if f"d{n}" in values})

    def code(self, variable: str) -> Code | None:
        line = variable if variable in self.lines.backward else f"d{variable}"
        if line not in self.lines.backward:
            return None
        return Code(
            "formulas",
            list(self.lines.backward).index(line) + 1,
            f"{line} = {self.lines.backward[line]}",
        )
