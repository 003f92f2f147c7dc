"""Whose gradient a name means: dW, grad_W, W_grad, dw and dL_dW are all the gradient for W."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GRADIENT = (
    re.compile(r"(?:d[ljce]_?d_?|d_|gradients?_?|grads?_?|delta_?|nabla_?|d|g)(?P<base>[a-z].*)"),
    re.compile(r"(?P<base>[a-z].*?)_?(?:gradients?|grads?|prime)"),
)
_ALIASES = {
    "weights": "w",
    "weight": "w",
    "kernel": "w",
    "omega": "w",
    "ω": "w",
    "wts": "w",
    "bias": "b",
    "biases": "b",
    "inputs": "x",
    "input": "x",
    "inp": "x",
    "a_prev": "x",
    "aprev": "x",
    "x_prev": "x",
    "in": "x",
    "prev": "x",
}
INPUTS = frozenset({"x", "data", "features", "xs", "batch", "a_prev", "inputs", "input"})
TARGETS = frozenset(
    {"y", "t", "targets", "target", "labels", "label", "y_true", "yt", "y_t", "ytrue", "true", "yi"}
)
COSTS = frozenset({"cost", "loss", "j", "l", "value", "error", "c", "e", "total", "objective"})
RATES = frozenset({"learning_rate", "lr", "eta", "alpha", "rate", "step", "step_size", "η"})


def base(name: str) -> str:
    """Return a variable's name in its plainest form: weights2 is w2.

    >>> base("weights2"), base("W_1"), base("bias")
    ('w2', 'w1', 'b')
    """
    name = name.lower().strip("_")
    match = re.fullmatch(r"(.*?)_?(\d*)", name)
    stem, digits = (match[1], match[2]) if match else (name, "")
    return _ALIASES.get(stem, stem) + digits


def gradient_of(name: str) -> list[str]:
    """Return the plain names of the variables that a gradient's name may mean.

    >>> gradient_of("dW1"), gradient_of("weights_grad"), gradient_of("grad_b")
    (['w1'], ['w'], ['b'])
    """
    found = []
    for pattern in _GRADIENT:
        match = pattern.fullmatch(name.lower().strip("_"))
        if match:
            found.append(base(match["base"]))
    return list(dict.fromkeys(found))


def is_gradient_for(name: str, variable: str) -> bool:
    """Say whether a name means the gradient for a variable."""
    return base(variable) in gradient_of(name)


def find(variable: str, names: Iterable[str], bare: bool = False) -> str | None:
    """Return the name that means the gradient for a variable; `bare` takes "W" itself as well."""
    known = list(names)
    for name in known:
        if name in (f"d{variable}", f"grad_{variable}", f"{variable}_grad"):
            return name
    for name in known:
        if is_gradient_for(name, variable):
            return name
    if bare:
        return next((n for n in known if base(n) == base(variable)), None)
    return None


def is_bias(name: str) -> bool:
    """Say whether a parameter's name is that of something added: b, bias, beta."""
    return name.lower().lstrip("_").startswith(("b", "beta"))
