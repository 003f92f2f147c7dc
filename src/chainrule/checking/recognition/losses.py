"""The losses that are tried, up to a factor which the numbers then tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

Factor = tuple[float, str]  # a number, and what it is divided by: (0.5, "m") is 1/(2m)

FACTORS: list[Factor] = [
    (1, "m"),
    (0.5, "m"),
    (1, ""),
    (0.5, ""),
    (2, "m"),
    (1, "m * k"),
    (0.5, "m * k"),
    (1, "k"),
    (2, ""),
    (0.5, "k"),
    (1, "m * m"),
    (0.5, "m * m"),
]


@dataclass(frozen=True)
class LossForm:
    """`value` and `gradient` are formulas in a (the output) and Y; `fused` the gradient at Z.

    `after` are the activations that it makes sense after (empty: any).
    """

    name: str
    value: str
    gradient: str
    fused: dict[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    value_name: str = "J"

    def scaled(self, factor: Factor) -> LossForm:
        """Return the form with its constant: 1/m Σ …, say."""
        return replace(
            self,
            value=times(self.value, factor),
            gradient=times(self.gradient, factor),
            fused={name: times(text, factor) for name, text in self.fused.items()},
        )


def times(formula: str, factor: Factor) -> str:
    """Return a formula times a factor, the factor drawn together with a 2 in front.

    >>> times("2 * (a - Y)", (0.5, "m")), times("a - Y", (1, ""))
    ('(a - Y) / m', 'a - Y')
    """
    number, divisor = factor
    sign = ""
    if formula.startswith("2 * "):
        number, formula = number * 2, formula.removeprefix("2 * ")
    elif formula.startswith("-"):
        sign, formula = "-", formula.removeprefix("-")
    simple = formula.endswith(")") and formula.count("(") == 1
    below = [part for part in (divisor,) if part]
    if number < 1:
        below.insert(0, f"{1 / number:g}")
    if number > 1:
        formula = f"{number:g} * {formula if simple else f'({formula})'}"
    elif below and not simple:
        formula = f"({formula})"
    divisor = " * ".join(below)
    if divisor:
        formula = f"{formula} / {divisor if len(divisor) == 1 else f'({divisor})'}"
    return sign + formula


BINARY = "-total(Y * log(a) + (1 - Y) * log(1 - a))"

FORMS: list[LossForm] = [
    LossForm("squared error", "total((a - Y)**2)", "2 * (a - Y)"),
    LossForm(
        "binary cross-entropy",
        BINARY,
        "(a - Y) / (a * (1 - a))",
        fused={"sigmoid": "a - Y"},
        after=("identity", "sigmoid", "softmax"),
    ),
    LossForm(
        "cross-entropy",
        "-total(Y * log(a))",
        "-(Y / a)",
        fused={"softmax": "a - Y"},
        after=("identity", "softmax", "sigmoid", "softmax over the samples"),
    ),
    LossForm(
        "binary cross-entropy on logits",
        "-total(Y * log(1 / (1 + exp(-a))) + (1 - Y) * log(1 - 1 / (1 + exp(-a))))",
        "1 / (1 + exp(-a)) - Y",
        after=("identity",),
    ),
    LossForm(
        "cross-entropy on logits",
        "-total(Y * log(softmax(a)))",
        "softmax(a) - Y",
        after=("identity", "softmax"),
    ),
    LossForm(
        "cross-entropy after two softmaxes",
        "-total(Y * log(softmax(softmax(a))))",
        "softmax(a) * ((softmax(softmax(a)) - Y) "
        "- feature_sum((softmax(softmax(a)) - Y) * softmax(a)))",
        after=("identity",),
    ),
    LossForm("absolute error", "total(abs(a - Y))", "sign(a - Y)", after=("identity",)),
]


def every_form() -> Iterator[LossForm]:
    """Give every loss, without its factor."""
    yield from FORMS
