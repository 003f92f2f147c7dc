"""From a trace to a page's lines: formula, numbers put in, result, code and check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.explaining.board import Board
from chainrule.explaining.boxes import Boxes
from chainrule.explaining.naming import Naming, name_values, page_name, renamed
from chainrule.explaining.numbers import written
from chainrule.explaining.page import Code, Line
from chainrule.explaining.shapes import shape_algebra
from chainrule.explaining.simplify import pulled, simplified, with_weights
from chainrule.explaining.trace import Trace, below, in_float64, numbers_of, operations, structural
from chainrule.formulas import (
    Call,
    Expression,
    Functions,
    Letter,
    Letters,
    evaluate,
    expand,
    letters_in,
    parse,
    renote,
    samples_of,
    turn,
)
from chainrule.layers.base import Context, Layer
from chainrule.namespace import Array
from chainrule.tree import replace as replace_leaves

Value = Callable[[Array], float]
Names = Mapping[str, str]


class Writer:
    """What one pass on a board needs: its names, its arrays as they lie there, its lines."""

    def __init__(self, network: Layer, trace: Trace, params: Any, running: Any, board: Board):
        hidden = sum(bool(r.params) for r in trace.records) > 1
        if hidden and board.with_hidden:
            from chainrule.explaining.board import board_named

            board = board_named(board.with_hidden)
        self.network, self.trace, self.board = network, trace, board
        self.params, self.running = in_float64(params), in_float64(running)
        self.naming: Naming = name_values(trace, board)
        self.samples = len(trace.X)

    @cached_property
    def letters(self) -> Letters:
        """The board's letters, with every number of this page known as a scalar."""
        owners = [*(r.layer for r in self.trace.records), self.trace.loss]
        scalars = {"m", "k"} | {n for owner in owners for n in numbers_of(owner)}
        letters = self.naming.letters
        return replace(letters, scalars=letters.scalars | scalars)

    @cached_property
    def weight(self) -> float | None:
        """The weight that all samples share; None where they differ."""
        first = float(self.trace.weights[0])
        return first if np.allclose(self.trace.weights, first) else None

    @cached_property
    def whole(self) -> bool:
        """Whether every sample's targets sum to 1, as one-hot rows do."""
        return bool(np.allclose(self.trace.targets.sum(axis=-1), 1))

    @cached_property
    def given(self) -> frozenset[str]:
        """The page's names that stand on the board as they are: input, parameters, targets."""
        records = zip(self.trace.records, self.naming.records, strict=True)
        parameters = {names[p] for record, names in records for p in record.params}
        first = set() if self.board.per_layer else {self.naming.records[0]["X"]}
        return frozenset(parameters | first | {self.naming.loss["Y"]})

    def weighed(self, formula: str) -> Expression:
        """Return a formula of the loss with what its weights are for this pass."""
        return with_weights(parse(formula), self.weight, self.samples, self.whole)

    # --- lines ------------------------------------------------------------------------------

    def layer_line(
        self, i: int, name: str, formula: str, notation: str, code: Code | None = None
    ) -> Line:
        """Return one line of layer i: its formula, re-noted and renamed, with its arrays."""
        record, names = self.trace.records[i], self.naming.records[i]
        values = {**record.values, **numbers_of(record.layer)}
        formulas = record.formulas
        rearranging = record.layer.structural(record.cache)
        functions: dict[str, Any] = {**formulas.functions, **operations(rearranging)}
        if any(np.ndim(v) > 2 for v in record.values.values()):
            notation = "rows"  # images do not turn
        given = {*record.params, *numbers_of(record.layer)} | ({"X"} if i == 0 else set())
        expression = simplified(parse(formula), self.samples)
        line = self.line(
            name, expression, values, names, notation, functions,
            formulas.forward, given,
        )  # fmt: skip
        last = i == len(self.trace.records) - 1
        if name[0] == "d" and self.board.fold and last and (name != "dX" or i):
            line = self.folded(line, name, expression, names, notation)
        if not holds(line):
            line = self.as_one_step(line, i, name)
        return replace(line, code=code, remark=self.broadcast(line))

    def unstated(self, i: int, name: str, notation: str, code: Code | None = None) -> Line:
        """Return the line of a value that the layer gives without a formula."""
        names = self.naming.records[i]
        result = self.turned(self.trace.records[i].values[name], name, notation)
        line = Line(page_name(name, names), (), {}, result, samples=samples_of(notation), code=code)
        return self.as_one_step(line, i, name)

    def as_one_step(self, line: Line, i: int, name: str) -> Line:
        """Return the line as a function of the layer's input: Y = residual(X)."""
        record, back = self.trace.records[i], name.startswith("d")
        called = type(record.layer).__name__.lower() + "_back" * back
        source = page_name("dY" if back else "X", self.naming.records[i])
        notation = self.board.backward if back else self.board.forward
        value = self.turned(record.values["dY" if back else "X"], "X", notation)
        step = structural(called, lambda *_: line.result)
        return replace(line, formulas=(Call(called, (Letter(source),)),), values={source: value},
                       functions={called: step}, shapes="")  # fmt: skip

    def loss_line(
        self,
        name: str,
        formula: Expression,
        values: Mapping[str, Any] | None = None,
        names: Names | None = None,
        functions: Functions | None = None,
        forward: Mapping[str, str] | None = None,
        back: bool = True,
    ) -> Line:
        """Return a line of the loss, on the way back or forward."""
        notation = self.board.backward if back else self.board.forward
        return self.line(
            name, formula, values or self.loss_values, names or self.naming.loss, notation,
            functions or {}, forward or {}, {"Y", "m", "k", "w"},
        )  # fmt: skip

    def line(
        self,
        name: str,
        expression: Expression,
        values: Mapping[str, Any],
        names: Names,
        notation: str,
        functions: Functions,
        forward: Mapping[str, str],
        given: set[str],
    ) -> Line:
        """Return `name = expression` on the board; `given` are letters not computed."""
        options: Any = {"scalars": self.letters.scalars, "functions": functions}
        noted = renote(expression, notation, left=name, **options)
        noted_forward = {n: renote(f, notation, left=n, **options) for n, f in forward.items()}
        spread = expand(noted, functions, noted_forward)
        ways = [renamed(noted, names)]
        if spread != noted:
            ways.append(renamed(spread, names))
        arrays = {}
        for letter in dict.fromkeys([*letters_in(noted), *letters_in(spread)]):
            if letter in values:
                arrays[page_name(letter, names)] = self.turned(values[letter], letter, notation)
        result = self.turned(values[name], name, notation)
        return Line(
            page_name(name, names), tuple(ways), arrays, result, functions, samples_of(notation),
            given=frozenset(page_name(n, names) for n in given),
            shapes=shape_algebra(ways[-1], arrays, result),
        )  # fmt: skip

    def folded(
        self, line: Line, name: str, expression: Expression, names: Names, notation: str
    ) -> Line:
        """Return the line with the error written out in it: X·(A − Y)ᵀ for X·dZᵀ."""
        from chainrule.formulas import Binary, Transpose, substitute

        loss = self.naming.loss
        slope = renamed(self.weighed(self.trace.loss.formulas.backward["dZ"]), loss)
        whole = substitute(renamed(expression, names), {"d" + loss["Z"]: slope})
        scalars = self.letters.scalars
        noted = pulled(
            renote(simplified(whole, self.samples), notation, left=page_name(name, names),
                   scalars=scalars)
        )  # fmt: skip
        values = dict(line.values)
        values.pop("d" + loss["Z"], None)
        for letter, value in self.loss_values.items():
            if letter in loss and loss[letter] in letters_in(noted):
                values[loss[letter]] = self.turned(value, letter, notation)
        values["m"] = np.asarray(float(self.samples))
        one = all(np.size(values[n]) == 1 for n in letters_in(slope) if n in values)
        match noted:
            case Binary("@", other, Transpose(error)) if one and error == slope:
                noted = Binary("*", error, other)  # (a − y)ᵀ is one number: (a − y)·x
            case Binary("@", error, other) if one and error == slope:
                noted = Binary("*", error, other)
        needed = {n: v for n, v in values.items() if n in {*letters_in(noted)}}
        return replace(
            line,
            formulas=(line.formulas[0], noted),
            values={**line.values, **needed},
            given=line.given | {loss["Y"], "m"},
            shapes=shape_algebra(noted, needed, line.result),
        )

    def broadcast(self, line: Line) -> str:
        """Say which smaller value is added to every sample."""
        from chainrule.formulas import Binary

        match line.formulas[-1]:
            case Binary("+", _, Letter(name)) if name in line.values and self.samples > 1:
                if np.size(line.values[name]) < np.size(line.result):
                    place = "column" if line.samples == "columns" else "row"
                    return f"{self.plain(name)} on every {place}"
        return ""

    # --- values -----------------------------------------------------------------------------

    def turned(self, value: Any, letter: str, notation: str) -> Array:
        """Return an array of the code as it lies on the board."""
        array = np.asarray(value, float)
        if array.ndim > 2:
            return array
        return np.asarray(turn(array, notation, letter, scalars=self.letters.scalars))

    @cached_property
    def loss_values(self) -> dict[str, Any]:
        """The letters of the loss's formulas, in rows."""
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
            **numbers_of(trace.loss),
        }
        formulas = trace.loss.formulas
        if "A" in formulas.forward:
            values["A"] = trace.loss.predictions(Z)
        for name, formula in formulas.forward.items():  # what the loss names on the way: e = Z − Y
            if name not in values:
                values[name] = evaluate(formula, values, functions=formulas.functions)
        return values

    def loss_of(self, path: str) -> Value:
        """Return the loss as a function of one parameter, the others held."""
        return lambda p: self.loss_at(replace_leaves(self.params, {path: p}), self.trace.X)

    def loss_at(self, params: Any, X: Array) -> float:
        """Return the loss of this pass's samples at other parameters or inputs."""
        Z, _ = self.network.forward(params, X, Context(state=self.running))
        return float(self.trace.loss(Z, self.trace.targets, self.trace.weights)[0])

    # --- words ------------------------------------------------------------------------------

    @property
    def total(self) -> str:
        """What is minimised here: L for one sample, J for several."""
        return "L" if self.samples == 1 and self.weight == 1 else "J"

    def plain(self, name: str) -> str:
        """Return a page name as text, W₂."""
        return self.text(Letter(name))

    def text(self, expression: Expression, functions: Functions | None = None) -> str:
        """Return a formula as text, for a sentence."""
        return written(Boxes(), expression, self.letters, functions)

    def parameter_path(self, i: int, parameter: str) -> str:
        """Return the dotted name of a parameter of layer i."""
        return below(self.trace.records[i].home, parameter)


def holds(line: Line) -> bool:
    """Say whether a line's last formula gives its result, so that nothing false is printed."""
    try:
        value = evaluate(line.formulas[-1], line.values, line.functions, line.samples)
    except ChainruleError:
        return False
    # In rows, db of one sample is dY: (1, n) stands for (n,).
    a, b = np.atleast_2d(value), np.atleast_2d(line.result)
    return a.shape == b.shape and np.allclose(a, b, atol=1e-9)
