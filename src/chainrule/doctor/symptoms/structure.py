"""What can be seen from the layers alone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import prod

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding, at
from chainrule.doctor.symptom import symptom
from chainrule.layers import Dense, Flatten, Identity, Layer, Sequential
from chainrule.layers.base import Placed
from chainrule.layers.branches import Branches
from chainrule.layers.combinators import Combinator

NOTHING = (Identity, Flatten)  # between two matrices they change nothing


@symptom("two Dense layers with nothing between", "network")
def linear_pair(seen: Evidence) -> Iterator[Finding]:
    """Find (X W₁ + b₁) W₂ + b₂ = X (W₁W₂) + (b₁W₂ + b₂): two layers are one."""
    places = {place.path: place for place in seen.places}
    for run in runs(seen.model.network):
        row = [places.get(path or "") for path in run]
        for first, second in pairwise(p for p in row if not p or not isinstance(p.layer, NOTHING)):
            if first is None or second is None:
                continue
            if isinstance(first.layer, Dense) and isinstance(second.layer, Dense):
                yield _finding(first, second)


def _finding(first: Placed, second: Placed) -> Finding:
    n, h, k = prod(first.input_shape), first.output_shape[0], second.output_shape[0]
    spent, enough = n * h + h + h * k + k, n * k + k
    narrow = h < min(n, k)
    other = f"or leave {first.layer} out"
    if narrow:
        other = "unless a narrow linear code is what you want"
    rank = f", of rank {h} at most" if narrow else ""
    return Finding(
        f"{at(first.path, first.layer)} and {at(second.path, second.layer)}",
        f"they are one layer: W₁W₂ is a single matrix ({n}, {k}){rank}; {spent:,} parameters do "
        f"what {enough:,} can",
        f"put an activation, ReLU() say, between them, {other}",
        {"layers": [first.path, second.path], "parameters": spent, "enough": enough},
        severity="remark" if narrow else "problem",
    )  # fmt: skip


def runs(layer: Layer, path: str = "") -> list[list[str | None]]:
    """Return the paths of layers that follow directly upon one another; None stands for a branch.

    >>> from chainrule.layers import ReLU
    >>> runs(Sequential(Dense(2), Sequential(ReLU(), Dense(1))))
    [['0', '1.0', '1.1']]
    """
    if not isinstance(layer, Combinator):
        return [[path]]
    found: list[list[str | None]] = []
    row: list[str | None] = []
    for name, child in layer.children:
        inner = runs(child, f"{path}.{name}" if path else name)
        if isinstance(layer, Branches):
            found += inner
        elif isinstance(child, Combinator) and not isinstance(child, Sequential):
            row.append(None)
            found += inner
        else:  # the first run of a Sequential is its own row
            row += inner[0]
            found += inner[1:]
    return found if isinstance(layer, Branches) else [row, *found]
