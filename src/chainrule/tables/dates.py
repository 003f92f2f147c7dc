"""Dates: the formats that are tried, and the numbers that a network sees of a date."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.column import has_time
from chainrule.tables.polars import polars

if TYPE_CHECKING:
    import polars as pl

DAY_FORMATS = (
    "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y.%m.%d",
    "%d %b %Y", "%b %d, %Y", "%d-%b-%Y",
)  # fmt: skip
CLOCKS = (" %H:%M", " %H:%M:%S", "T%H:%M:%S")
FORMATS = (*DAY_FORMATS, *(day + clock for day in DAY_FORMATS for clock in CLOCKS))
WORDS = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "hh", "%M": "mm", "%S": "ss", "%b": "Mon"}


def instants(cells: pl.Series, format: str) -> pl.Series:
    """Return the text cells as Datetime; null where a cell does not have this format."""
    pl = polars()
    if not has_time(format):
        days = cells.str.to_date(format, strict=False, exact=True)
        return days.cast(pl.Datetime("us"))
    return cells.str.to_datetime(format, strict=False, exact=True, time_unit="us")


def numbers_of(instants: pl.Series, format: str) -> NDArray[Any]:
    """Return (rows, parts) in float64, NaN where null.

    The days since 1970 grow; season, weekday and hour turn in a circle, so that December is beside
    January.
    """
    seconds = instants.dt.epoch("s").cast(polars().Float64).to_numpy()
    days = np.floor(seconds / 86_400) if not has_time(format) else seconds / 86_400
    turns = [days / 365.2425, np.floor(days + 4) / 7]  # 1 January 1970 was a Thursday
    if has_time(format):
        turns.append(days)
    angles = [2 * np.pi * turn for turn in turns]
    circles = [wave(angle) for angle in angles for wave in (np.cos, np.sin)]
    return np.stack([days, *circles], axis=1)


def in_words(format: str) -> str:
    """Return a format as people write it.

    >>> in_words("%d.%m.%Y %H:%M")
    'DD.MM.YYYY hh:mm'
    """
    for code, word in WORDS.items():
        format = format.replace(code, word)
    return format


def on_day(days: float) -> str:
    """Return the day so many days after 1 January 1970.

    >>> on_day(19_723.5)
    '2024-01-01'
    """
    return str(np.datetime64(int(np.floor(days)), "D"))
