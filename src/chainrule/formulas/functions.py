"""The functions of the formula language, and how to add to them.

Three sorts can be added, by a mapping from the name in the formula: a
`chainrule.derivation.Function`, elementwise, stated in the language itself with its derivative; an
`Operation`, evaluated by Python code; and a plain callable, as in a layer's `structural(cache)`,
which only rearranges entries. `d_name` is the derivative of `name`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from chainrule.derivation import Function
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.namespace import array_namespace


@dataclass(frozen=True)
class Operation:
    """A function that Python evaluates.

    `evaluate(*arguments)` for an elementwise one; one that means samples or features is not
    elementwise and gets `samples="rows"` or `"columns"` too: `evaluate(X, samples="rows")`.
    Re-noting relies on that word: f(Xᵀ) with samples in columns is f(X)ᵀ with samples in rows.
    """

    evaluate: Callable[..., Any]
    unicode: str
    latex: str
    arity: int = 1
    elementwise: bool = True


Known: TypeAlias = Function | Operation | Callable[..., Any]
Functions: TypeAlias = Mapping[str, Known]


def namespace(*arrays: Any) -> Any:
    """Return the arrays' own module (numpy, jax.numpy), numpy for plain numbers."""
    owners = (a for a in arrays if hasattr(a, "__array_namespace__"))
    return array_namespace(next(owners, np.empty(0)))


def _by(name: str) -> Callable[..., Any]:
    def apply(*arguments: Any) -> Any:
        result = getattr(namespace(*arguments), name)(*arguments)
        # A plain number stays one: np.float64 would turn a float32 formula into float64.
        return result.item() if all(isinstance(a, int | float) for a in arguments) else result

    return apply


def _sign(x: Any) -> Any:
    return _by("sign")(x.real)


def _abs(x: Any) -> Any:
    # On complex numbers the modulus has no derivative and would make complex step fail silently.
    return _sign(x) * x


def _maximum(x: Any, y: Any) -> Any:
    return _by("where")(y.real > x.real, y, x)


def _minimum(x: Any, y: Any) -> Any:
    return _by("where")(y.real < x.real, y, x)


def _where(condition: Any, x: Any, y: Any) -> Any:
    chosen = _by("where")(condition != 0, x, y)
    plain = all(isinstance(a, int | float) for a in (x, y))
    if plain and getattr(getattr(condition, "dtype", None), "kind", "") == "f":
        return chosen.astype(condition.dtype)  # two plain numbers take the comparison's type
    return chosen


def _sigmoid(x: Any) -> Any:
    return 0.5 + 0.5 * _by("tanh")(0.5 * x)  # the same function as 1/(1 + e⁻ˣ), never overflowing


_real_erf = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    if isinstance(x, int | float):
        return math.erf(x)
    x = np.asarray(x)
    real = np.asarray(_real_erf(x.real)).astype(x.real.dtype)
    if not np.iscomplexobj(x):
        return real
    # The first term of the series in the imaginary part is all that a complex step needs.
    if x.size and np.abs(x.imag).max() > 1e-9:
        raise ShapeError("erf of a complex number is known for a complex step only (|imag| ≤ 1e-9)")
    return real + 1j * x.imag * (2 / math.sqrt(math.pi)) * np.exp(-(x.real**2))


def _axis(X: Any, samples: str, over: str) -> int:
    if np.ndim(X) == 0:
        raise ShapeError(f"a sum over the {over} needs an array, got one number")
    if samples == "rows":
        return 0 if over == "batch" else -1
    if np.ndim(X) != 2:
        raise ShapeError(f"samples in columns need a matrix, got shape {np.shape(X)}")
    return 1 if over == "batch" else 0


def _reduction(method: str, over: str) -> Callable[..., Any]:
    def reduce(X: Any, *, samples: str) -> Any:
        axis = _axis(X, samples, over)
        # Rows: a sum over the batch has the shape of a bias, (n,). Columns: that is (n, 1).
        return getattr(X, method)(axis=axis, keepdims=over == "feature" or samples == "columns")

    return reduce


def _softmax(X: Any, *, samples: str) -> Any:
    axis = _axis(X, samples, "feature")
    xp = namespace(X)
    powers = xp.exp(X - X.real.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _meaning(evaluate: Callable[..., Any], unicode: str, latex: str) -> Operation:
    return Operation(evaluate, unicode, latex, elementwise=False)


STANDARD: dict[str, Operation] = {
    "exp": Operation(_by("exp"), "exp", r"\exp"),
    "log": Operation(_by("log"), "ln", r"\ln"),
    "sqrt": Operation(_by("sqrt"), "√", r"\sqrt"),
    "tanh": Operation(_by("tanh"), "tanh", r"\tanh"),
    "sigmoid": Operation(_sigmoid, "σ", r"\sigma"),
    "erf": Operation(_erf, "erf", r"\operatorname{erf}"),
    "abs": Operation(_abs, "abs", r"\operatorname{abs}"),
    "sign": Operation(_sign, "sign", r"\operatorname{sign}"),
    "maximum": Operation(_maximum, "max", r"\max", arity=2),
    "minimum": Operation(_minimum, "min", r"\min", arity=2),
    "where": Operation(_where, "where", r"\operatorname{where}", arity=3),
    "softmax": _meaning(_softmax, "softmax", r"\operatorname{softmax}"),
    "batch_sum": _meaning(_reduction("sum", "batch"), "Σ", r"\sum"),
    "batch_mean": _meaning(_reduction("mean", "batch"), "mean", r"\operatorname{mean}"),
    "feature_sum": _meaning(_reduction("sum", "feature"), "Σ", r"\sum"),
    "feature_mean": _meaning(_reduction("mean", "feature"), "mean", r"\operatorname{mean}"),
    "feature_max": _meaning(_reduction("max", "feature"), "max", r"\max"),
}

# Definition and derivative of the standard functions that have one, in the letters x and a.
DERIVATIVES: dict[str, Function] = {
    "exp": Function("exp(x)", "a", "exp", r"\exp"),
    "log": Function("log(x)", "1 / x", "ln", r"\ln"),
    "sqrt": Function("sqrt(x)", "1 / (2 * a)", "√", r"\sqrt"),
    "tanh": Function("tanh(x)", "1 - a**2", "tanh", r"\tanh"),
    "sigmoid": Function("sigmoid(x)", "a * (1 - a)", "σ", r"\sigma"),
    "erf": Function(
        "erf(x)", f"{2 / math.sqrt(math.pi)!r} * exp(-x**2)", "erf", r"\operatorname{erf}"
    ),
    "abs": Function("abs(x)", "sign(x)", "abs", r"\operatorname{abs}"),
}


def entry(name: str, functions: Functions) -> Known | None:
    """Return what a name stands for: the caller's function before the standard one."""
    return functions.get(name) or STANDARD.get(name)


def derivative_of(name: str, functions: Functions) -> Function | None:
    """Return the Function whose derivative `d_name` is, or None if `name` is no such name."""
    if not name.startswith("d_"):
        return None
    found = functions.get(name[2:]) or DERIVATIVES.get(name[2:])
    return found if isinstance(found, Function) else None


def is_elementwise(name: str, functions: Functions) -> bool:
    """Say whether a function acts on each entry by itself; one that is not known may not."""
    if name not in functions and derivative_of(name, functions):
        return True
    found = entry(name, functions)
    return isinstance(found, Function) or (isinstance(found, Operation) and found.elementwise)


def known_names(functions: Functions) -> list[str]:
    """Return every name that may be called, derivatives included."""
    names = [*STANDARD, *functions]
    return [*names, *(f"d_{n}" for n in names if derivative_of(f"d_{n}", functions))]


def require_arity(name: str, expected: int, received: int) -> None:
    """Raise ConfigurationError where a function gets too few or too many arguments."""
    if expected != received:
        raise ConfigurationError(
            f"{name} takes {expected} argument{'s' * (expected != 1)}, got {received}"
        )
