"""How the gradient fares on its way back through the layers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.doctor.evidence import Evidence
from chainrule.doctor.finding import Finding, at
from chainrule.doctor.symptom import symptom
from chainrule.doctor.symptoms.activations import dead_units
from chainrule.explaining.trace import Record
from chainrule.tree import flatten

VANISHED, EXPLODED = 1e-3, 1e3  # ‖dY‖ at the first layer that learns, over that at the last


@symptom("vanishing gradients", "pass")
def vanishing(seen: Evidence) -> Iterator[Finding]:
    """Find an error that reaches the first layer a thousand times smaller than the last."""
    ratio = _ratio(seen)
    if ratio is None or ratio >= VANISHED or any(dead_units(r).all() for r in seen.records):
        return  # where a whole layer is dead, that has been said
    first, last = seen.learning[0], seen.learning[-1]
    much = f"1/{1 / ratio:,.0f}" if ratio else "nothing"
    yield Finding(
        at(first.path, first.layer),
        f"of the gradient at {at(last.path, last.layer)}, {much} of its size arrives here: "
        f"‖dY‖ is {_norm(first):.2g} against {_norm(last):.2g}",
        "take ReLU instead of sigmoid or tanh, He or Glorot weights, fewer layers, or "
        "Residual blocks and normalization",
        {"ratio": ratio, "norms": {r.path: _norm(r) for r in seen.learning}},
        table=_table(seen),
    )


@symptom("exploding gradients", "pass")
def exploding(seen: Evidence) -> Iterator[Finding]:
    """Find an error that grows a thousandfold on its way back."""
    ratio = _ratio(seen)
    if ratio is None or ratio <= EXPLODED:
        return
    first, last = seen.learning[0], seen.learning[-1]
    yield Finding(
        at(first.path, first.layer),
        f"the gradient of {at(last.path, last.layer)} has grown {ratio:,.0f}-fold when it arrives "
        f"here: ‖dY‖ is {_norm(first):.2g} against {_norm(last):.2g}",
        "start with He or Glorot weights (their size suits the number of inputs), or put "
        "normalization between",
        {"ratio": ratio, "norms": {r.path: _norm(r) for r in seen.learning}},
        table=_table(seen),
    )


def _ratio(seen: Evidence) -> float | None:
    """Return ‖dY‖ at the first layer over that at the last, or None where it says nothing."""
    if len(seen.learning) < 2:
        return None
    first, last = _norm(seen.learning[0]), _norm(seen.learning[-1])
    return first / last if last > 0 and np.isfinite([first, last]).all() else None


def _norm(record: Record) -> float:
    return float(np.linalg.norm(record.values["dY"]))


def _table(seen: Evidence) -> tuple[tuple[str, ...], ...]:
    """Return each layer's ‖dY‖, and the norms of its weights' gradient and of the weights."""
    rows: list[tuple[str, ...]] = [("layer", "‖dY‖", "‖dW‖", "‖W‖")]
    for record in seen.learning:
        name = max(record.params, key=lambda n: np.size(flatten({n: record.params[n]})[n]))
        norms = (record.values["dY"], record.values[f"d{name}"], record.params[name])
        rows.append(
            (at(record.path, record.layer), *(f"{np.linalg.norm(norm):.2g}" for norm in norms))
        )
    return tuple(rows)
