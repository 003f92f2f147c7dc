"""What all pictures share: a figure without a window, its colours, and saving it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import ConfigurationError, MissingExtraError, unknown_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, RED, GREY = "#2563a8", "#d97706", "#c2372e", "#6b7280"
FORMATS = ("png", "svg", "pdf")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of this size in inches; it belongs to no window and no pyplot.

    Raises MissingExtraError where matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'plots need matplotlib: pip install "chainrule[plot]" ({error})'
        ) from None
    return Figure(figsize=(width, height), dpi=120, layout="constrained")


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or the axes of a new figure."""
    return new_figure(width, height).add_subplot() if ax is None else ax


def quiet(ax: Axes) -> None:
    """Take away the frame's upper and right edge, and draw a light grid behind."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color="#e5e7eb", linewidth=0.8)
    ax.set_axisbelow(True)


def readable(ax: Axes) -> None:
    """Mark both axes at about five numbers, with commas between thousands."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def format_of(path: Path) -> str:
    """Return "png", "svg" or "pdf" after the file's ending.

    Raises ConfigurationError for another ending, with the nearest known.
    """
    ending = path.suffix.lstrip(".").lower()
    if not ending:
        raise ConfigurationError(f"{path} needs an ending: .png, .svg or .pdf")
    if ending not in FORMATS:
        raise unknown_name("picture format", ending, FORMATS)
    return ending


def save(drawn: Any, path: str | Path) -> None:
    """Write a figure, or the figure that axes belong to, as .png, .svg or .pdf, atomically."""
    from io import BytesIO

    import matplotlib

    from chainrule.storage import write_atomically

    path = Path(path)
    content = BytesIO()
    figure = drawn.figure if hasattr(drawn, "plot") else drawn
    # the same picture gives the same bytes: no date, and ids from a fixed salt
    with matplotlib.rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "none"}):
        kind = format_of(path)
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        figure.savefig(content, format=kind, metadata=metadata)
    write_atomically(path, content.getvalue())


def svg(figure: Any) -> str:
    """Return a figure as one SVG element, to stand within a page."""
    from io import StringIO

    import matplotlib

    text = StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    return whole[whole.index("<svg") :]


def short(name: Any, length: int = 14) -> str:
    """Return a label that fits; a dollar sign is no mathematics.

    >>> short("a very long name of a class")
    'a very long n…'
    """
    text = re.sub(r"\s+", " ", str(name))
    text = text if len(text) <= length else f"{text[: length - 1]}…"
    return text.replace("$", r"\$")
