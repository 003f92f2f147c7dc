"""How a model and a history show themselves in a notebook: a table, and curves as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.model import Model
    from chainrule.training.history import History

WIDTH, HEIGHT = 320, 160  # of one picture, in pixels
LEFT, BOTTOM, TOP, RIGHT = 52, 22, 20, 8  # room for its labels
COLOURS = ("#1f6fd6", "#d9620b", "#2f8f4e", "#8a4fc7")


def model_html(model: Model) -> str:
    """Return the summary as a table; a line of text while the model is not built."""
    if model.built is None:
        return f"<pre>{escape(repr(model.network))}</pre><p>not built yet: call fit first</p>"
    rows = []
    for place in model.built.places:
        specs = place.layer.parameters(place.input_shape)
        count = sum(prod(spec.shape) for spec in specs.values())
        shape = ", ".join(["m", *map(str, place.output_shape)])
        cells = (place.path, repr(place.layer), f"({shape})", f"{count:,}" if count else "")
        rows.append(_row("td", cells))
    total = f"{model.built.count:,} parameters"
    words = f"{total}, loss {model.trained_loss!r}, optimizer {model.optimizer!r}"
    head = _row("th", ("name", "layer", "output", "parameters"))
    return (
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table><p>{escape(words)}</p>"
    )


def _row(kind: str, cells: Sequence[str]) -> str:
    sides = ("left", "left", "left", "right")
    return (
        "<tr>"
        + "".join(
            f'<{kind} style="text-align:{side}">{escape(cell)}</{kind}>'
            for side, cell in zip(sides, cells, strict=True)
        )
        + "</tr>"
    )


def history_html(history: History) -> str:
    """Return the curves as small pictures: the losses in one, each other measure in one of its own.

    A measure and its `validation_` twin share a picture.
    """
    if not history.epochs:
        return "<p>nothing trained yet</p>"
    names = dict.fromkeys(name.removeprefix("validation_") for name in history)
    parts = []
    for name in names:
        pair = [n for n in (name, f"validation_{name}") if n in history]
        parts.append(picture(name, {n: history[n] for n in pair}))
    many = "epoch" if history.epochs == 1 else "epochs"
    words = f"{history.epochs} {many}, {sum(history.seconds):.3g} s"
    if history.stopped:
        words += f", stopped: {history.stopped}"
    return f"<div>{''.join(parts)}</div><p>{escape(words)}</p>"


def picture(title: str, curves: dict[str, list[float]]) -> str:
    """Return one SVG: curves over the epochs, with the range at the side and the last values."""
    values = [v for curve in curves.values() for v in curve if isfinite(v)]
    if not values:
        return f"<p>{escape(title)}: no finite values</p>"
    low, high = min(values), max(values)
    span = high - low or 1.0
    longest = max(map(len, curves.values()))
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def point(i: int, value: float) -> str:
        x = LEFT + (wide * i / (longest - 1) if longest > 1 else wide / 2)
        return f"{x:.1f},{TOP + tall * (1 - (value - low) / span):.1f}"

    drawn, legend = [], []
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        points = " ".join(point(i, v) for i, v in enumerate(curve) if isfinite(v))
        if len(points.split()) > 1:
            drawn.append(
                f'<polyline fill="none" stroke="{colour}" stroke-width="1.8" points="{points}"/>'
            )
        else:
            x, y = points.split(",")
            drawn.append(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{colour}"/>')
        legend.append(f'<tspan fill="{colour}">{escape(name)} {curve[-1]:.4g}</tspan>')
    said = "; ".join(f"{n}: {c[0]:.4g} to {c[-1]:.4g}" for n, c in curves.items())
    axes = (
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.4"/>'
        f'<text x="{LEFT - 5}" y="{TOP + 4}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{LEFT - 5}" y="{HEIGHT - BOTTOM}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 6}">1</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">epoch {longest}</text>'
        f'<text x="{LEFT}" y="13">{" &#160; ".join(legend)}</text>'
    )
    return (
        f'<svg role="img" aria-label="{escape(said)}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" xmlns="http://www.w3.org/2000/svg" '
        f'font-family="sans-serif" font-size="11" fill="currentColor">{axes}{"".join(drawn)}</svg>'
    )
