"""The table of a model: what each layer makes, holds and costs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from chainrule.layers.shared import tie
from chainrule.network import Network
from chainrule.tree import flatten

if TYPE_CHECKING:
    from chainrule.bound import Bound

HEAD = ("name", "layer", "output", "parameters", "multiply-adds", "memory", "initial weights")
RIGHT = (3, 4, 5)  # columns of numbers


def summary(model: Bound) -> str:
    """Return the table that `model.summary()` prints; numbers are per sample."""
    _ = model.state
    assert model.built is not None
    network = Network(tie(model.network), model.built.input_shape)
    width = 4 if model.dtype == "float32" else 8
    rows, work, memory = [HEAD], 0, 0
    specs = flatten(network.specs)
    for place in network.places:
        own = {n: s for n, s in specs.items() if n.rpartition(".")[0] == place.path}
        count = sum(prod(s.shape) for s in own.values())
        products = place.layer.multiply_adds(place.input_shape)
        size = prod(place.output_shape) * width
        start = next((repr(s.initializer) for n, s in own.items() if n.endswith("W")), "")
        shape = ", ".join(["m", *map(str, place.output_shape)])
        numbers = (_number(count), _number(products), f"{size:,} B")
        rows.append((place.path, repr(place.layer), f"({shape})", *numbers, start))
        work, memory = work + products, memory + size
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    lines = [
        "  ".join(
            cell.rjust(n) if i in RIGHT else cell.ljust(n)
            for i, (cell, n) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "─" * (sum(widths) + 2 * (len(HEAD) - 1)))
    lines.append(lines[1])
    frozen = network.count - sum(prod(specs[n].shape) for n in model.learning)
    held = f", {frozen:,} of them held fixed" if frozen else ""
    lines.append(
        f"{network.count:,} parameters{held}, {network.count * width:,} bytes as {model.dtype}"
    )
    lines.append(f"per sample: {work:,} multiply-adds forward, {memory:,} bytes of outputs")
    lines.append(f"loss {model.loss!r}, optimizer {model.optimizer!r}")
    if model.trained_loss != model.loss:
        last = network.places[-1].layer
        lines.append(
            f"{last!r} + {model.loss!r} are computed as one: {model.trained_loss!r} on logits"
        )
    return "\n".join(lines)


def _number(n: int) -> str:
    return f"{n:,}" if n else ""
