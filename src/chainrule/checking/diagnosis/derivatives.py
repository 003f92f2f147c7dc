"""Slips with an activation's derivative: left out, at the wrong value, twice, another's."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.hypothesis import (
    Change,
    Hypothesis,
    Site,
    factors,
    product_of,
    variants,
)
from chainrule.checking.recognition.activations import FUNCTIONS
from chainrule.formulas import Binary, Call, Expression, Letter, letters_in, parse, substitute
from chainrule.formulas.functions import derivative_of
from chainrule.formulas.tree import walk


def _derivatives(site: Site) -> list[tuple[Call, str, Expression, str]]:
    """Return each f′(z) in the line: the call, f, z and the name of f(z)."""
    found = []
    for node in walk(site.formula):
        if isinstance(node, Call) and node.name.startswith("d_"):
            z = node.arguments[0]
            output = next(
                (
                    name
                    for name, line in site.program.forward.items()
                    if line == Call(node.name[2:], (z,))
                ),
                "",
            )
            found.append((node, node.name[2:], z, output))
    return found


def _exchanged(site: Site, old: Expression, new: Expression) -> Expression:
    def change(node: Expression) -> Iterator[Expression]:
        if node == old:
            yield new

    return next(variants(site.formula, change), site.formula)


def expanded(site: Site, name: str, z: Expression, a: Expression) -> Expression | None:
    """Return f′ written out, h(a) for a function whose derivative is a formula of its output."""
    function = derivative_of(f"d_{name}", site.program.functions)
    if function is None:
        return None
    formula = parse(function.derivative)
    return substitute(formula, {"x": z, "a": a}) if "a" in letters_in(formula) else None


def left_out(site: Site) -> Iterator[Change]:
    """Give dY where dY ⊙ f′(Z) is meant; for softmax, dY where its Jacobian is meant."""
    for call, name, _, _ in _derivatives(site):
        rest = [f for f in factors(site.formula) if f != call]
        if len(rest) < len(factors(site.formula)) and rest:
            yield Change(product_of(rest), "The derivative of {d_" + name + "} is left out.")
    if _softmax_parts(site) is not None:
        yield Change(
            _softmax_parts(site)[1],  # type: ignore[index]
            "The derivative of softmax is left out.",
            "A − Y is the gradient for softmax and cross-entropy together: it belongs to the "
            "loss. A softmax layer has to apply its own Jacobian.",
        )
    if (site.of_loss and "A" in site.letter) or site.line.startswith("dZ"):
        yield from _fused_left_out(site)


def _fused_left_out(site: Site) -> Iterator[Change]:
    """Give (a − y)/(a(1 − a)) where a − y, with the sigmoid's derivative in it, is meant."""
    z = site.letter
    if site.program.activations.get(z) != "sigmoid" or not site.of_loss:
        return
    a = _output_of(site, z)
    slope = parse(f"{a} * (1 - {a})")
    yield Change(
        Binary("/", site.formula, slope),
        "The derivative of {d_sigmoid} is left out.",
        "The loss gives ∂L/∂a = (a − y)/(a(1 − a)); times σ′(z) = a(1 − a) that is a − y.",
    )


def _output_of(site: Site, z: str) -> str:
    name = site.program.activations[z]
    wanted = Call(name, (Letter(z),))
    return next((n for n, line in site.program.forward.items() if line == wanted), z)


def _softmax_parts(site: Site) -> tuple[str, Expression] | None:
    """Return (output, upstream) of a line y ⊙ (dy − Σ dy ⊙ y), None for any other."""
    formula = site.formula
    if not (isinstance(formula, Binary) and formula.operator == "*"):
        return None
    y, inner = formula.left, formula.right
    if isinstance(y, Letter) and isinstance(inner, Binary) and inner.operator == "-":
        total = inner.right
        if isinstance(total, Call) and total.name in ("feature_sum", "batch_sum"):
            return y.name, inner.left
    return None


def wrong_value(site: Site) -> Iterator[Change]:
    """Give f′ at a where z is meant, and a(1 − a) with z in it."""
    for call, name, z, output in _derivatives(site):
        function = derivative_of(f"d_{name}", site.program.functions)
        a: Expression = Letter(output) if output else Call(name, (z,))
        for place in (a,):
            wrong = _exchanged(site, call, Call(call.name, (place,)))
            yield Change(
                wrong,
                "The derivative of {d_"
                + name
                + "} is taken at "
                + _braced(place)
                + ", the output; it must be taken at "
                + _braced(z)
                + ", the input.",
                _both_ways(
                    function is not None and "a" in letters_in(parse(function.derivative)),
                    site,
                    name,
                    z,
                    a,
                ),
            )
        h_z, h_a = expanded(site, name, z, z), expanded(site, name, z, a)
        if h_z is not None and h_a is not None:
            yield Change(
                _exchanged(site, call, h_z),
                "The derivative of {d_"
                + name
                + "}, written with its output, has "
                + _braced(z)
                + " in it; it needs "
                + _braced(a)
                + ".",
                right=_exchanged(site, call, h_a),
            )
        for wrong_place in _others(site, z, output):
            wrong = _exchanged(site, call, Call(call.name, (Letter(wrong_place),)))
            yield Change(
                wrong,
                "The derivative of {d_"
                + name
                + "} is taken at {"
                + wrong_place
                + "}; it must be taken at "
                + _braced(z)
                + ".",
            )
            h = expanded(site, name, z, Letter(wrong_place))
            if h is not None:
                yield Change(
                    _exchanged(site, call, h),
                    "The derivative of {d_"
                    + name
                    + "} has {"
                    + wrong_place
                    + "} in it; it needs "
                    + _braced(a)
                    + ".",
                    right=_exchanged(site, call, h_a or call),
                )


def _others(site: Site, z: Expression, output: str) -> list[str]:
    """Return the other values at hand that somebody may have taken the derivative at."""
    upstream = letters_in(factors(site.formula)[0])
    known = [*upstream, *site.program.forward, *site.program.variables]
    taken = {str(z), output, "J", *(n for n in known if n[:1] in "Wbg" or n == "")}
    return [n for n in dict.fromkeys(known) if n not in taken]


def _both_ways(in_output: bool, site: Site, name: str, z: Expression, a: Expression) -> str:
    if not in_output:
        return ""
    return "Either {d_" + name + "}′ at " + _braced(z) + ", or its formula in the output, not both."


def _braced(expression: Expression) -> str:
    return "{" + str(expression) + "}" if isinstance(expression, Letter) else "its output"


def twice(site: Site) -> Iterator[Change]:
    """Give dY ⊙ f′ ⊙ f′, and a − y (which has σ′ in it) times σ′ again."""
    for call, name, _, _ in _derivatives(site):
        yield Change(Binary("*", site.formula, call), "{d_" + name + "}′ is multiplied in twice.")
    z = site.letter
    name = site.program.activations.get(z, "")
    if site.of_loss and name in ("sigmoid", "softmax"):
        a = _output_of(site, z)
        slope = parse(f"{a} * (1 - {a})")
        yield Change(
            Binary("*", site.formula, slope),
            f"The derivative of {name} is multiplied in twice.",
            "a − y holds it already: (a − y)/(a(1 − a)) · a(1 − a) = a − y.",
        )


def shortcut(site: Site) -> Iterator[Change]:
    """Give A − Y as the gradient with respect to A."""
    x = site.letter
    value = str(site.program.forward.get("J", ""))
    if not site.of_loss or "log" not in value or site.program.activations.get(x):
        return
    for wrong in (f"{x} - Y", f"({x} - Y) / m", f"{x} - Y * 1"):
        yield Change(
            parse(wrong),
            "This is the gradient for the logits, with the sigmoid or softmax in it; "
            "the loss is asked for the gradient with respect to the probabilities.",
            "a − y = (a − y)/(a(1 − a)) · a(1 − a): the second factor belongs to the activation.",
        )


def upstream_left_out(site: Site) -> Iterator[Change]:
    """Give f′(Z) alone, without the gradient that comes in."""
    for call, _, _, _ in _derivatives(site):
        if site.formula != call:
            yield Change(call, "The gradient that comes in from above is left out.")


def another_function(site: Site) -> Iterator[Change]:
    """Give the derivative of another activation, and the function where its derivative is meant."""
    for call, name, z, output in _derivatives(site):
        a: Expression = Letter(output) if output else Call(name, (z,))
        yield Change(
            _exchanged(site, call, a), "The function itself stands where its derivative is meant."
        )
        for other, function in FUNCTIONS.items():
            if other == name:
                continue
            formula = parse(function.derivative)
            value = substitute(formula, {"x": z, "a": a})
            yield Change(
                _exchanged(site, call, value),
                f"This is the derivative of {function.unicode}, and "
                "the forward pass has {d_" + name + "}.",
            )


HYPOTHESES = [
    Hypothesis("derivative left out", left_out),
    Hypothesis("derivative at the wrong value", wrong_value),
    Hypothesis("derivative twice", twice),
    Hypothesis("shortcut out of place", shortcut),
    Hypothesis("upstream left out", upstream_left_out),
    Hypothesis("another function's derivative", another_function),
]
