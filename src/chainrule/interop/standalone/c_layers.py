"""Layers as calls of C functions: one table for those that are more than their formula per entry.

All others, the activations above all, come out of their own formula as a loop over the entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from chainrule.interop.program import Operation
from chainrule.interop.standalone.formula_code import Dialect, formula_code
from chainrule.interop.standalone.python_layers import numbers_of
from chainrule.layers.activations import Softmax
from chainrule.layers.adapting import OneHot
from chainrule.layers.base import Layer
from chainrule.layers.branches import Concatenate, Residual, Sum
from chainrule.layers.convolution import Conv1D, Conv2D, Convolution
from chainrule.layers.dense import Dense
from chainrule.layers.embedding import Embedding
from chainrule.layers.normalization import LayerNorm
from chainrule.layers.pooling import AveragePool, GlobalAveragePool, MaxPool, Pooling
from chainrule.layers.reshaping import Flatten, Reshape, Slice
from chainrule.layers.smooth_activations import LogSoftmax
from chainrule.layers.windows import Windows
from chainrule.namespace import Array

C = Dialect(
    "C",
    lambda value: f"{float(value)!r}f",
    {
        **{f: f"{f}f({{0}})" for f in ("exp", "log", "log1p", "expm1", "sqrt", "tanh", "erf")},
        "abs": "fabsf({0})",
        "square": "NAME_square({0})",
        "sign": "NAME_sign({0})",
        "sigmoid": "NAME_sigmoid({0})",
        "softplus": "NAME_softplus({0})",
        "maximum": "NAME_max({0}, {1})",
        "minimum": "NAME_min({0}, {1})",
        "where": "({0} ? {1} : {2})",
    },
    {
        **{sign: f"({{0}} {sign} {{1}})" for sign in ("+", "-", "*", "/")},
        **{sign: f"(float)({{0}} {sign} {{1}})" for sign in (">", ">=", "<", "<=", "==")},
        "**": "powf({0}, {1})",
    },
)
PANELS = (32, 8)  # widths, as NAME_dense goes through them


@dataclass(frozen=True)
class Call:
    """A layer in C: its code, and what it needs.

    `{x}` (`{x1}`, … in a branch) are the inputs and `{y}` the output. With `in_place` they may be
    the same array; code that is empty says that they are. `row` is the room for one window.
    """

    code: str
    in_place: bool = False
    row: int = 0


Writer = Callable[[Operation, Mapping[str, str]], Call]


def panels(W: Array) -> Array:
    """Return a weight matrix (n, units) in the order in which C reads it.

    >>> panels(np.arange(18).reshape(2, 9)).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 8, 17]
    """
    parts, k, units = [], 0, W.shape[1]
    for width in PANELS:
        while k + width <= units:
            parts.append(W[:, k : k + width].ravel())
            k += width
    return np.concatenate([*parts, W[:, k:].ravel()])


def _dense(op: Operation, p: Mapping[str, str]) -> Call:
    n, units = op.shapes[0][0], op.shape[0]
    return Call(f"NAME_dense({n}, {units}, {{x}}, {p['W']}, {p['b']}, {{y}});")


def _sizes(op: Operation, windows: Windows, c: int) -> str:
    """Return the sizes of input, kernel, stride, padding and output, with two axes each."""
    pads = tuple(before for before, _ in windows.pads)
    kernel, stride = windows.kernel, windows.stride
    sizes, places = op.shapes[0][:-1], op.shape[:-1]
    if len(sizes) == 1:  # a sequence is an image of one row
        sizes, kernel, stride, pads, places = (
            (1, *sizes), (1, *kernel), (1, *stride), (0, *pads), (1, *places),
        )  # fmt: skip
    filters = (op.shape[-1],) if isinstance(op.layer, Convolution) else ()
    return ", ".join(map(str, (*sizes, c, *filters, *kernel, *stride, *pads, *places)))


def _convolution(op: Operation, p: Mapping[str, str]) -> Call:
    assert isinstance(op.layer, Convolution)
    c = op.shapes[0][-1]
    sizes = _sizes(op, op.layer.windows, c)
    code = f"NAME_convolution({sizes}, {{x}}, {p['W']}, {p['b']}, row, {{y}});"
    return Call(code, row=prod(op.layer.windows.kernel) * c)


def _pooling(function: str) -> Writer:
    def call(op: Operation, p: Mapping[str, str]) -> Call:
        assert isinstance(op.layer, Pooling)
        sizes = _sizes(op, op.layer.windows(len(op.shape) - 1), op.shape[-1])
        return Call(f"NAME_{function}({sizes}, {{x}}, {{y}});")

    return call


def _per_place(function: str, options: Callable[[Operation, Mapping[str, str]], str]) -> Writer:
    def call(op: Operation, p: Mapping[str, str]) -> Call:
        *places, n = op.shapes[0]
        return Call(f"NAME_{function}({prod(places)}, {n}, {options(op, p)}{{y}});", in_place=True)

    return call


def _layer_norm(op: Operation, p: Mapping[str, str]) -> str:
    assert isinstance(op.layer, LayerNorm)
    return f"{op.layer.eps!r}f, {{x}}, {p['gamma']}, {p['beta']}, "


def _embedding(op: Operation, p: Mapping[str, str]) -> Call:
    assert isinstance(op.layer, Embedding)
    sizes = f"{prod(op.shapes[0])}, {op.layer.tokens}, {op.layer.units}"
    return Call(f"NAME_embedding({sizes}, {{x}}, {p['W']}, {{y}});")


def _one_hot(op: Operation, p: Mapping[str, str]) -> Call:
    assert isinstance(op.layer, OneHot)
    sizes = f"{op.shapes[0][0]}, {op.layer.categories}"
    return Call(f"NAME_one_hot({sizes}, {{x}}, {p['values']}, {p['known']}, {{y}});")


def _sum(op: Operation, p: Mapping[str, str]) -> Call:
    terms = " + ".join(f"{{x{i or ''}}}[i]" for i in range(len(op.inputs)))
    return Call(f"for (int i = 0; i < {prod(op.shape)}; i++) {{y}}[i] = {terms};", in_place=True)


def _concatenate(op: Operation, p: Mapping[str, str]) -> Call:
    *places, width = op.shape
    lines, offset = [], 0
    for i, (*_, n) in enumerate(op.shapes):
        to = f"{{x{i or ''}}}, {{y}}"
        lines.append(f"NAME_beside({prod(places)}, {n}, {width}, {offset}, {to});")
        offset += n
    return Call("\n".join(lines))


def _same(op: Operation, p: Mapping[str, str]) -> Call:
    return Call("")


def _slice(op: Operation, p: Mapping[str, str]) -> Call:
    assert isinstance(op.layer, Slice)
    *places, n = op.shape
    copy = f"memcpy({{y}} + i * {n}, {{x}} + i * {op.shapes[0][-1]} + {op.layer.start}, "
    return Call(f"for (int i = 0; i < {prod(places)}; i++) {copy}{n} * sizeof *{{y}});")


C_LAYERS: dict[type[Layer], Writer] = {
    Dense: _dense,
    Conv1D: _convolution,
    Conv2D: _convolution,
    MaxPool: _pooling("max_pool"),
    AveragePool: _pooling("average_pool"),
    GlobalAveragePool: lambda op, p: Call(
        f"NAME_global_average_pool({prod(op.shapes[0][:-1])}, {op.shape[0]}, {{x}}, {{y}});"
    ),
    LayerNorm: _per_place("layer_norm", _layer_norm),
    Softmax: _per_place("softmax", lambda op, p: "{x}, "),
    LogSoftmax: _per_place("log_softmax", lambda op, p: "{x}, "),
    Embedding: _embedding,
    OneHot: _one_hot,
    Flatten: _same,
    Reshape: _same,
    Slice: _slice,
    Residual: _sum,
    Sum: _sum,
    Concatenate: _concatenate,
}


def call_of(op: Operation, weights: Mapping[str, Array], p: Mapping[str, str]) -> Call:
    """Return an operation in C; `p` maps its letters to arrays in C.

    Raises ConfigurationError for a layer of your own whose formula mixes entries.
    """
    write = C_LAYERS.get(type(op.layer))
    return write(op, p) if write is not None else _loop(op, weights, p)


def _loop(op: Operation, weights: Mapping[str, Array], p: Mapping[str, str]) -> Call:
    """Return a loop over all entries, from the layer's formula."""
    numbers = {name: C.number(value) for name, value in numbers_of(op.layer).items()}
    letters, per_feature = {"X": "X", **numbers}, False
    features = op.shape[-1] if op.shape else 1
    for letter, name in op.arrays.items():
        a = weights[name]
        if a.size == 1:
            letters[letter] = f"{p[letter]}[0]"
        elif a.shape == (features,):
            letters[letter], per_feature = f"{p[letter]}[k]", True
        elif a.shape == op.shape:
            letters[letter] = f"{p[letter]}[i]"
    lines = formula_code(op, C, letters)
    code = [f"const float {letter} = {_bare(text)};" for letter, text in lines[:-1]]
    code = ["const float X = {x}[i];", *code, f"{{y}}[i] = {_bare(lines[-1][1])};"]
    if per_feature:
        code.insert(0, f"const int k = i % {features};")
    inside = "\n    ".join(line.replace("{", "{{").replace("}", "}}") for line in code)
    inside = inside.replace("{{x}}", "{x}").replace("{{y}}", "{y}")
    head = f"for (int i = 0; i < {prod(op.shape)}; i++) {{{{"
    return Call(f"{head}\n    {inside}\n}}}}", in_place=True)


def _bare(code: str) -> str:
    """Return code without the parentheses around all of it.

    >>> _bare("((a + b) * c)"), _bare("(a) + (b)")
    ('(a + b) * c', '(a) + (b)')
    """
    depth = 0
    for i, letter in enumerate(code):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return code[1:-1] if i == len(code) - 1 and code[0] == "(" else code
    return code
