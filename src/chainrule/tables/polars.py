"""The one door to polars, and what a cell means before anything is decided about its column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.data.readers.csv import MISSING
from chainrule.errors import MissingExtraError

if TYPE_CHECKING:
    import polars as pl


def polars() -> Any:
    """Return the polars module; raise MissingExtraError with the command that installs it."""
    try:
        import polars
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'this table needs polars: pip install "chainrule[tables]" ({error})'
        ) from None
    return polars


def installed() -> bool:
    """Say whether polars can be imported, without importing it."""
    from importlib.util import find_spec

    try:
        return find_spec("polars") is not None
    except ValueError:  # set to None in sys.modules
        return False


def texts(cells: pl.Series) -> pl.Series:
    """Return the cells as trimmed text; null where one is missing ("", "?", "NA", "null", ...)."""
    pl = polars()
    if cells.dtype == pl.Float64:
        cells = cells.fill_nan(None)
        whole = cells.drop_nulls()
        if (whole == whole.round()).all() and (whole.abs() < 2**53).all():
            cells = cells.cast(pl.Int64)  # a code is 3, not 3.0, whatever the file made of it
        return cells.cast(pl.String)
    trimmed = cells.str.strip_chars()
    gone = trimmed.str.to_lowercase().is_in(sorted(MISSING))
    return trimmed.zip_with(~gone, pl.Series([None], dtype=pl.String)) if gone.any() else trimmed


def numbers(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return (values, gaps): Float64, null where a cell is missing or no number; gaps are missing.

    A cell that is null in the values and no gap is something else than a number.
    """
    pl = polars()
    if cells.dtype == pl.Float64:
        values = cells.fill_nan(None)
        return values, values.is_null()
    values = cells.cast(pl.Float64, strict=False)
    odd = values.is_null() | values.is_nan()
    if not odd.any():
        return values, odd
    rest = texts(cells.filter(odd))  # the few that are blank, padded, or no numbers
    gaps, places = pl.Series([False]).new_from_index(0, len(cells)), odd.arg_true()
    again = rest.cast(pl.Float64, strict=False)
    return (
        values.scatter(places, again.fill_nan(None)),
        gaps.scatter(places, rest.is_null() | again.is_nan().fill_null(False)),
    )
