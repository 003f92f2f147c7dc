"""Layers as lines of NumPy: one table for those whose formula is not the code to run.

All others come out of their own formula, so `X @ W + b` in `Dense` is the line in the file.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from chainrule.interop.program import Operation
from chainrule.interop.standalone.formula_code import Dialect, formula_code
from chainrule.layers.activations import Softmax
from chainrule.layers.adapting import OneHot
from chainrule.layers.base import Layer
from chainrule.layers.branches import Concatenate, Residual, Sum
from chainrule.layers.convolution import Conv1D, Conv2D, Convolution
from chainrule.layers.embedding import Embedding
from chainrule.layers.pooling import AveragePool, GlobalAveragePool, MaxPool, Pooling
from chainrule.layers.reshaping import Flatten, Reshape, Slice
from chainrule.layers.smooth_activations import LogSoftmax

NUMPY = Dialect(
    "Python",
    repr,
    {
        **{f: f"np.{f}({{0}})" for f in ("exp", "log", "log1p", "expm1", "sqrt", "tanh", "abs")},
        "sign": "np.sign({0})",
        "sigmoid": "sigmoid({0})",
        "softplus": "softplus({0})",
        "erf": "erf({0})",
        "maximum": "np.maximum({0}, {1})",
        "minimum": "np.minimum({0}, {1})",
        "where": "np.where({0}, {1}, {2})",
        "softmax": "softmax({0})",
        "feature_sum": "np.sum({0}, axis=-1, keepdims=True)",
        "feature_mean": "np.mean({0}, axis=-1, keepdims=True)",
        "feature_max": "np.max({0}, axis=-1, keepdims=True)",
    },
    {
        **{sign: f"({{0}} {sign} {{1}})" for sign in ("+", "-", "*", "/", "@", "**")},
        **{sign: f"(1.0 * ({{0}} {sign} {{1}}))" for sign in (">", ">=", "<", "<=", "==")},
    },
    transpose="{0}.T",
)

Line = Callable[[Operation, list[str], Mapping[str, str]], str]


def _flat(op: Operation, x: list[str], p: Mapping[str, str]) -> str:
    return f"{x[0]}.reshape(len({x[0]}), {', '.join(map(str, op.shape))})"


def _sum(op: Operation, x: list[str], p: Mapping[str, str]) -> str:
    return " + ".join(x)


def _convolution(op: Operation, x: list[str], p: Mapping[str, str]) -> str:
    assert isinstance(op.layer, Convolution)
    kernel, stride, pads = op.layer.windows
    options = f"kernel={kernel}, stride={stride}, pads={pads}"
    return f"convolution({x[0]}, {p['W']}, {p['b']}, {options})"


def _pooling(function: str) -> Line:
    def line(op: Operation, x: list[str], p: Mapping[str, str]) -> str:
        assert isinstance(op.layer, Pooling)
        kernel, stride, pads = op.layer.windows(len(op.shape) - 1)
        return f"{function}({x[0]}, kernel={kernel}, stride={stride}, pads={pads})"

    return line


PYTHON: dict[type[Layer], Line] = {
    Flatten: _flat,
    Reshape: _flat,
    Slice: lambda op, x, p: f"{x[0]}[..., {op.layer.start}:{op.layer.stop}]",  # type: ignore[attr-defined]
    Residual: _sum,
    Sum: _sum,
    Concatenate: lambda op, x, p: f"np.concatenate([{', '.join(x)}], axis=-1)",
    Conv1D: _convolution,
    Conv2D: _convolution,
    MaxPool: _pooling("max_pool"),
    AveragePool: _pooling("average_pool"),
    GlobalAveragePool: lambda op, x, p: f"{x[0]}.mean(axis={tuple(range(1, len(op.shapes[0])))})",
    Embedding: lambda op, x, p: f"embedding({x[0]}, {p['W']})",
    OneHot: lambda op, x, p: f"one_hot({x[0]}, {p['values']}, {p['known']})",
    Softmax: lambda op, x, p: f"softmax({x[0]})",
    LogSoftmax: lambda op, x, p: f"log_softmax({x[0]})",
}


def numbers_of(layer: Layer) -> dict[str, float]:
    """Return a layer's fields that are numbers: the letters slope, alpha, eps of its formula."""
    return {
        name: value
        for name, value in vars(layer).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def python_lines(op: Operation, inputs: list[str], output: str) -> list[str]:
    """Return the lines that compute an operation; raise ConfigurationError where none are known."""
    letters = {letter: f'P["{name}"]' for letter, name in op.arrays.items()}
    write = PYTHON.get(type(op.layer))
    if write is not None:
        return [f"{output} = {write(op, inputs, letters)}"]
    numbers = {name: repr(value) for name, value in numbers_of(op.layer).items()}
    code = formula_code(op, NUMPY, {**numbers, **letters, "X": inputs[0]})
    return [f"{output if letter == 'Y' else letter} = {_plain(text)}" for letter, text in code]


def _plain(code: str) -> str:
    """Return an expression without parentheses that are not needed."""
    return ast.unparse(ast.parse(code, mode="eval")).replace("'", '"')
