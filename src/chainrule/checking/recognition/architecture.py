"""The forwards that are tried, each with its backward written from the chain rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from chainrule.checking.recognition.activations import ACTIVATIONS, BY_NAME, HIDDEN, Activation
from chainrule.checking.recognition.losses import LossForm
from chainrule.derivation import Function
from chainrule.formulas import Expression, Letter, parse, substitute

Weight = tuple[str, str | None]  # W, and b where there is one
Stage = tuple[str, str, str, str, Activation]  # input, sum, output, W, activation


@dataclass
class Draft:
    """Lines of a forward and a backward that are being written."""

    forward: dict[str, Expression] = field(default_factory=dict)
    backward: dict[str, Expression] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    activations: dict[str, str] = field(default_factory=dict)
    output: str = "Y"
    story: str = ""


def lines_of(formula: str, **letters: str) -> Expression:
    """Return a formula with its small letters x, y, dy exchanged for names."""
    return substitute(parse(formula), {k: Letter(v) for k, v in letters.items()})


def chain(
    weights: Sequence[Weight],
    activations: Sequence[Activation],
    loss: LossForm | None = None,
) -> Draft:
    """Return affine maps and activations in turn, ending in an output Y or in a loss.

    Each of `weights` is (W, b) or (W, None); without any, there is one activation alone.
    """
    draft = Draft()
    last = "Y" if loss is None else "A"
    stages: list[Stage] = []
    x = "X"
    for number, activation in enumerate(activations):
        at_end = number == len(activations) - 1
        index = weights[number][0][1:] if weights else ""
        w, b = weights[number] if weights else ("", None)
        y = (last + ("" if loss is None else index)) if at_end else f"A{index}"
        z = x
        if w:
            z = y if activation.name == "identity" else f"Z{index}"
            draft.forward[z] = parse(f"{x} @ {w} + {b}" if b else f"{x} @ {w}")
        if activation.name != "identity" or not w:
            draft.forward[y] = lines_of(activation.forward, x=z)
            draft.activations[z] = activation.name
            draft.functions |= activation.functions
        stages.append((x, z, y, w, activation))
        x = y
    draft.output = x
    if loss is not None:
        draft.forward[loss.value_name] = lines_of(loss.value, a=x)
    _backward(draft, stages, weights, loss)
    names = [a.name for a in activations if a.name != "identity"]
    draft.story = ", ".join(names)
    return draft


def _backward(
    draft: Draft, stages: Sequence[Stage], weights: Sequence[Weight], loss: LossForm | None
) -> None:
    upstream = "dY"
    if loss is not None:
        upstream = f"d{stages[-1][2]}"
    for number in reversed(range(len(stages))):
        x, z, y, w, activation = stages[number]
        at_end = number == len(stages) - 1
        fused = loss is not None and at_end and loss.fused.get(activation.name)
        dz = f"d{z}"
        if loss is not None and at_end and not fused:
            draft.backward[upstream] = lines_of(loss.gradient, a=y)
        if fused:
            draft.backward[dz] = lines_of(fused, a=y)
        elif activation.name == "identity" and w:
            dz = upstream
        else:
            draft.backward[dz] = lines_of(activation.backward, x=z, y=y, dy=upstream)
        if not w:
            return
        b = weights[number][1]
        draft.backward[f"d{w}"] = parse(f"{x}.T @ {dz}")
        if b:
            draft.backward[f"d{b}"] = parse(f"batch_sum({dz})")
        draft.backward[f"d{x}"] = parse(f"{dz} @ {w}.T")
        upstream = f"d{x}"


def residual(weights: Sequence[Weight], activation: Activation) -> Draft:
    """Return Y = X + f(X W + b), in which X is used twice."""
    w, b = weights[0]
    affine = f"X @ {w} + {b}" if b else f"X @ {w}"
    draft = Draft(functions=dict(activation.functions), story="a residual")
    draft.forward["Z"] = parse(affine)
    if activation.name == "identity":
        draft.forward["Y"] = parse("X + Z")
        dz = "dY"
    else:
        draft.forward["A"] = lines_of(activation.forward, x="Z")
        draft.forward["Y"] = parse("X + A")
        draft.activations["Z"] = activation.name
        draft.backward["dZ"] = lines_of(activation.backward, x="Z", y="A", dy="dY")
        dz = "dZ"
    draft.backward[f"d{w}"] = parse(f"X.T @ {dz}")
    if b:
        draft.backward[f"d{b}"] = parse(f"batch_sum({dz})")
    draft.backward["dX"] = parse(f"dY + {dz} @ {w}.T")
    return draft


def tied(weights: Sequence[Weight]) -> Iterator[Draft]:
    """Give forwards that use one W twice: X W Wᵀ, and X W W where W is square."""
    w, b = weights[0]
    end = f" + {b}" if b else ""
    lines = {f"d{b}": parse("batch_sum(dY)")} if b else {}
    yield Draft(
        {"H": parse(f"X @ {w}"), "Y": parse(f"H @ {w}.T{end}")},
        {
            "dH": parse(f"dY @ {w}"),
            f"d{w}": parse("dY.T @ H + X.T @ dH"),
            **lines,
            "dX": parse(f"dH @ {w}.T"),
        },
        story="W used twice",
    )
    yield Draft(
        {"H": parse(f"X @ {w}"), "Y": parse(f"H @ {w}{end}")},
        {
            "dH": parse(f"dY @ {w}.T"),
            f"d{w}": parse("H.T @ dY + X.T @ dH"),
            **lines,
            "dX": parse(f"dH @ {w}.T"),
        },
        story="W used twice",
    )


def scaling(parameters: Sequence[str]) -> Iterator[Draft]:
    """Give Y = X ⊙ g + b, and with either left out: the vectors of a normalisation."""
    if len(parameters) == 2:
        yield Draft(
            {"Y": parse("X * g + b")},
            {
                "dg": parse("batch_sum(dY * X)"),
                "db": parse("batch_sum(dY)"),
                "dX": parse("dY * g"),
            },
        )
    else:
        yield Draft(
            {"Y": parse("X * g")}, {"dg": parse("batch_sum(dY * X)"), "dX": parse("dY * g")}
        )
        yield Draft({"Y": parse("X + b")}, {"db": parse("batch_sum(dY)"), "dX": parse("dY")})


def layers(weights: Sequence[Weight]) -> Iterator[Draft]:
    """Give the forwards of a layer or a network without a loss, the likeliest first."""
    if not weights:
        for activation in ACTIVATIONS:
            yield chain([], [activation])
        yield double_softmax()
        return
    hidden = [BY_NAME[name] for name in HIDDEN]
    for inner in product(hidden, repeat=len(weights) - 1):
        for activation in ACTIVATIONS:
            yield chain(weights, [*inner, activation])
    if len(weights) == 1:
        yield from tied(weights)
        for activation in ACTIVATIONS:
            if activation.elementwise:
                yield residual(weights, activation)


def double_softmax() -> Draft:
    """Return softmax of softmax."""
    softmax = BY_NAME["softmax"].backward
    return Draft(
        {"A": parse("softmax(X)"), "Y": parse("softmax(A)")},
        {
            "dA": lines_of(softmax, y="Y", dy="dY"),
            "dX": lines_of(softmax, y="A", dy="dA"),
        },
        activations={"X": "softmax", "A": "softmax"},
        story="softmax twice",
    )


def networks(weights: Sequence[Weight], loss: LossForm) -> Iterator[Draft]:
    """Give the forwards of a network that ends in this loss."""
    hidden = [BY_NAME[name] for name in HIDDEN]
    last = [a for a in ACTIVATIONS if a.name in loss.after or not loss.after]
    if not weights:
        yield Draft(
            {loss.value_name: lines_of(loss.value, a="X")},
            {"dX": lines_of(loss.gradient, a="X")},
            output="X",
            story=loss.name,
        )
        return
    for inner in product(hidden, repeat=len(weights) - 1):
        for activation in last:
            yield chain(weights, [*inner, activation], loss)
