"""From a trace to a page's lines: formula, numbers put in, result, code and check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.explaining.board import Board
from chainrule.explaining.naming import Naming, name_values, page_name, renamed
from chainrule.explaining.nudge import digits
from chainrule.explaining.page import Line
from chainrule.explaining.simplify import simplified, with_weights
from chainrule.explaining.source import code_for
from chainrule.explaining.trace import Record, Trace
from chainrule.formulas import (
    Expression,
    Functions,
    Letter,
    Letters,
    Operation,
    expand,
    letters_in,
    parse,
    renote,
    samples_of,
    turn,
)
from chainrule.layers.base import Context, Layer
from chainrule.namespace import Array
from chainrule.tree import flatten, map_leaves
from chainrule.tree import replace as replace_leaves

Value = Callable[[Array], float]


class Writer:
    """Writes the lines of one pass on a board."""

    def __init__(self, network: Layer, trace: Trace, params: Any, running: Any, board: Board):
        self.network, self.trace, self.board = network, trace, board
        self.params = map_leaves(lambda p: p.astype(np.float64), params)
        self.running = running
        self.naming: Naming = name_values(trace, board)
        self.samples = len(trace.X)

    @cached_property
    def letters(self) -> Letters:
        """The board's letters, with every number of this page known as a scalar."""
        scalars = {"m", "k"} | {n for r in self.trace.records for n in numbers_of(r.layer)}
        letters = self.naming.letters
        return replace(letters, scalars=letters.scalars | scalars)

    @cached_property
    def weight(self) -> float | None:
        """The weight that all samples share; None where they differ."""
        first = float(self.trace.weights[0])
        return first if np.allclose(self.trace.weights, first) else None

    # --- lines ------------------------------------------------------------------------------

    def forward(self, i: int) -> list[Line]:
        """Return the lines that layer i adds to the forward pass."""
        record = self.trace.records[i]
        lines = record.layer.formulas.forward
        return [
            self.line(
                record, self.naming.records[i], name, formula, self.board.forward, ("forward",)
            )
            for name, formula in lines.items()
            if name in record.values
        ]

    def backward(self, i: int) -> list[Line]:
        """Return the lines of layer i on the way back: parameters first, dX last."""
        record = self.trace.records[i]
        lines = record.layer.formulas.backward
        names = self.naming.records[i]
        written = []
        for name, formula in lines.items():
            if name not in record.values:
                continue
            methods = ("backward",) if name == "dX" else ("parameter_gradients", "backward")
            line = self.line(record, names, name, formula, self.board.backward, methods)
            remark = ""
            if name != "dX":
                path = f"{record.path}.{name[1:]}" if record.path else name[1:]
                found = digits(self.loss_of(path), flatten(self.params)[path], record.values[name])
                line = replace(line, digits=found, path=path)
                if "batch_sum" in formula and self.samples == 1:
                    remark = "one sample, so no sum"
            elif record.params and "W" in record.params:
                remark = f"{self.plain(names['W'])} not yet updated"
            written.append(replace(line, remark=remark))
        return sorted(written, key=lambda line: line.left == page_name("dX", names))

    def line(
        self,
        record: Record,
        names: Mapping[str, str],
        name: str,
        formula: str,
        notation: str,
        methods: tuple[str, ...],
    ) -> Line:
        """Return one line of a layer: its formula, re-noted and renamed, with this pass's arrays."""
        layer, values = record.layer, {**record.values, **numbers_of(record.layer)}
        functions: dict[str, Any] = {**layer.formulas.functions}
        for rearranged, apply in layer.structural(record.cache).items():
            functions[rearranged] = structural(rearranged, apply)
        if any(np.ndim(v) > 2 for v in record.values.values()):
            notation = "rows"  # images do not turn
        return self._line(
            name, simplified(parse(formula), self.samples), values, names, notation, functions, layer.formulas.forward,
            code=code_for(layer, methods, name[1:] if name.startswith("d") and name != "dX" else ""),
        )  # fmt: skip

    def error(self) -> list[Line]:
        """Return the loss's lines forward: what it compares, L, and J where that is another."""
        loss, values = self.trace.loss, self.loss_values()
        lines = []
        for name, formula in loss.formulas.forward.items():
            expression = with_weights(parse(formula), self.weight, self.samples)
            if name == "J" and isinstance(expression, Letter):
                continue  # one sample with weight 1: J is L
            code = code_for(loss, ("predictions",) if name == "A" else ("per_sample",))
            lines.append(self._line(name, expression, values, self.naming.loss,
                                    self.board.forward, {}, {}, code=code))  # fmt: skip
        return lines

    def slope(self) -> Line:
        """Return the loss's line back: its gradient with respect to the network's output."""
        formula = with_weights(
            parse(self.trace.loss.formulas.backward["dZ"]), self.weight, self.samples
        )
        code = code_for(self.trace.loss, ("per_sample",))
        return self._line("dZ", formula, self.loss_values(), self.naming.loss,
                          self.board.backward, {}, {}, code=code)  # fmt: skip

    def loss_line(
        self,
        name: str,
        formula: str,
        values: Mapping[str, Any],
        names: Mapping[str, str],
        functions: Functions | None = None,
        forward: Mapping[str, str] | None = None,
    ) -> Line:
        """Return a line of the loss that is not one of its own formulas."""
        expression = with_weights(parse(formula), self.weight, self.samples)
        return self._line(name, expression, values, names, self.board.backward,
                          functions or {}, forward or {}, code=None)  # fmt: skip

    def update_line(
        self,
        parameter: str,
        names: Mapping[str, str],
        formula: str,
        values: Mapping[str, Any],
        moved: Array,
        path: str,
        optimizer: Any,
    ) -> Line:
        """Return W′ = W − η dW for one parameter, turned as the board turns that parameter."""
        notation = self.board.backward
        arrays = {
            page_name(letter, names): self.turned(values[letter], parameter, notation)
            for letter in letters_in(parse(formula))
        }
        result = self.turned(moved, parameter, notation)
        code = code_for(optimizer, ("rule",))
        return Line(f"{names['p']}′", (renamed(parse(formula), names),), arrays, result,
                    {}, samples_of(notation), code, path=path)  # fmt: skip

    def _line(
        self,
        name: str,
        expression: Expression,
        values: Mapping[str, Any],
        names: Mapping[str, str],
        notation: str,
        functions: Functions,
        forward: Mapping[str, str],
        code: Any,
    ) -> Line:
        scalars = self.letters.scalars
        options: Any = {"scalars": scalars, "functions": functions}
        noted = renote(expression, notation, left=name, **options)
        renamed_once = renamed(noted, names)
        noted_forward = {n: renote(f, notation, left=n, **options) for n, f in forward.items()}
        written_out = renamed(expand(noted, functions, noted_forward), names)
        ways = (renamed_once,) if written_out == renamed_once else (renamed_once, written_out)
        arrays = {}
        for letter in {*letters_in(noted), *letters_in(expand(noted, functions, noted_forward))}:
            if letter in values:
                arrays[page_name(letter, names)] = self.turned(values[letter], letter, notation)
        result = self.turned(values[name], name, notation)
        return Line(
            page_name(name, names), ways, arrays, result, functions, samples_of(notation), code
        )

    # --- values -----------------------------------------------------------------------------

    def turned(self, value: Any, letter: str, notation: str) -> Array:
        """Return an array of the code as it lies on the board."""
        array = np.asarray(value, float)
        if array.ndim > 2:
            return array
        return np.asarray(turn(array, notation, letter, scalars=self.letters.scalars))

    def loss_values(self) -> dict[str, Any]:
        """Return the letters of the loss's formulas, in rows."""
        trace = self.trace
        Z = trace.records[-1].values["Y"]
        L, dL = trace.loss.per_sample(Z, trace.targets)
        values = {
            "Z": Z,
            "Y": trace.targets,
            "w": trace.weights[:, None],
            "L": L[:, None],
            "J": np.float64(trace.value),
            "dZ": trace.weights[:, None] * dL,
            "k": float(Z.shape[1]),
            "m": float(self.samples),
        }
        if "A" in trace.loss.formulas.forward:
            values["A"] = trace.loss.predictions(Z)
        return values

    def loss_of(self, path: str) -> Value:
        """Return the loss as a function of one parameter, the others held."""

        def value(p: Array) -> float:
            params = replace_leaves(self.params, {path: p})
            return self.loss_at(params, self.trace.X)

        return value

    def loss_at(self, params: Any, X: Array) -> float:
        """Return the loss of this pass's samples at other parameters or inputs."""
        Z, _ = self.network.forward(params, X, Context(state=self.running))
        return float(self.trace.loss(Z, self.trace.targets, self.trace.weights)[0])

    def plain(self, name: str) -> str:
        """Return a page name as text, W₂."""
        from chainrule.formulas import render

        return render(Letter(name), letters=self.letters)


def numbers_of(layer: Any) -> dict[str, float]:
    """Return a description's fields that are numbers, under their names in the formulas."""
    found = {f.name: getattr(layer, f.name) for f in fields(layer)} if is_dataclass(layer) else {}
    return {
        n: float(v)
        for n, v in found.items()
        if isinstance(v, int | float) and not isinstance(v, bool)
    }


def structural(name: str, apply: Callable[..., Array]) -> Operation:
    """Return a layer's rearrangement as a function of the language."""

    def evaluate(*arguments: Array, samples: str) -> Array:
        return apply(*arguments)

    return Operation(evaluate, name, rf"\operatorname{{{name}}}", elementwise=False)
