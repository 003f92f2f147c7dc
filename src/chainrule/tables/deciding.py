"""From what the rows say to what a column is, with the reason in words."""

from __future__ import annotations

from typing import Any

from chainrule.errors import DataError
from chainrule.tables import dates
from chainrule.tables.column import Column
from chainrule.tables.profile import Moments, Profile
from chainrule.tables.source import NESTED

YES_NO = ({"yes", "no"}, {"true", "false"}, {"y", "n"}, {"t", "f"}, {"on", "off"})
TEXTS_APART = 0.5  # of the rows with different texts: an identifier or free text, no category
MOST_CATEGORIES = 1_000  # the commonest keep a token of their own
SHOWN = 40


def decide(profile: Profile, where: str) -> Column:
    """Return what a column is.

    Raises DataError for a column without any value, of mixed types or mixed dates, or with an
    infinite number, naming it and the first bad row.
    """
    p = profile
    if p.asked == "ignore":
        return Column(p.name, "ignore", "as asked")
    check_nested(p, where)
    if not p.present:
        raise DataError(
            f'{where}: column "{p.name}" is empty: all its {p.rows:,} rows are missing; leave it '
            f"out (--columns {p.name}=ignore)"
        )
    if p.asked is not None:
        return _as_asked(p, where)
    if p.first_text is None:
        return _numbers(p, where)
    if p.number_count:
        check_mixed(p, where)
    if p.formats:
        return _date(p)
    if p.formats is not None and p.date_break is not None and _looks_like_dates(p):
        raise _mixed_dates(p, where)
    return _texts(p)


def _as_asked(p: Profile, where: str) -> Column:
    if p.asked == "number":
        if p.first_text is not None:
            row, text = p.first_text
            raise DataError(
                f'{where}: column "{p.name}", row {row}: expected a number, as asked, '
                f'got "{_short(text)}"'
            )
        return _number(p, where, "as asked")
    if p.asked == "date":
        if p.formats:
            return _date(p, "as asked")
        if p.date_break is not None:
            raise _mixed_dates(p, where)
        raise DataError(
            f'{where}: column "{p.name}" has no date in a known format: say which, '
            f"--columns {p.name}=date:%d.%m.%Y for 31.12.2024"
        )
    if p.counts is None:
        raise DataError(
            f'{where}: column "{p.name}" has more than 10,000 different values, too many for a '
            f"category: leave it out (--columns {p.name}=ignore)"
        )
    return _category(p, "as asked", boolean=p.asked == "boolean")


def _numbers(p: Profile, where: str) -> Column:
    if p.low == p.high and not p.gaps:
        return Column(p.name, "ignore", f"the same everywhere: {p.low:g}")
    if p.whole and p.low == 0 and p.high == 1:
        return _category(p, "0 and 1 alone", boolean=True)
    if p.whole and p.consecutive and p.present == p.rows and p.rows > 10:
        return Column(p.name, "ignore", f"counts the rows, {p.low:g} to {p.high:g}: an identifier")
    kind = "whole numbers" if p.whole else "numbers"
    return _number(p, where, f"{kind}, {p.low:g} to {p.high:g}")


def _number(p: Profile, where: str, reason: str) -> Column:
    if p.infinite is not None:
        row, text = p.infinite
        raise DataError(
            f'{where}: column "{p.name}", row {row}: expected a finite number, got "{text}"'
        )
    return Column(p.name, "number", reason, **_learnt(p.moments), gaps=_gaps(p))


def _learnt(moments: Moments) -> dict[str, Any]:
    if not moments.count:  # in held-out rows alone
        return {"fill": (0.0,), "spread": (1.0,)}
    return {
        "fill": tuple(float(v) for v in moments.mean),
        "spread": tuple(float(v) or 1.0 for v in moments.deviation),
    }


def _gaps(p: Profile) -> float:
    return p.training_gaps / max(p.training_rows, 1)


def check_nested(p: Profile, where: str) -> None:
    """Raise DataError for a column whose cells are lists, structs, bytes or durations."""
    if p.first_text is not None and p.first_text[1].startswith(NESTED):
        raise DataError(
            f'{where}: column "{p.name}" holds {p.first_text[1].removeprefix(NESTED)}, not single '
            f"numbers, texts or dates: spread it over columns of its own, or leave it out "
            f"(--columns {p.name}=ignore)"
        )


def check_mixed(p: Profile, where: str) -> None:
    """Raise DataError where most are numbers and some are not; a few numbers among texts are."""
    assert p.first_text is not None
    if 2 * p.number_count < p.present:
        return
    row, text = p.first_text
    others = p.present - p.number_count
    raise DataError(
        f'{where}: column "{p.name}", row {row}: expected a number, as in {p.number_count:,} '
        f'other rows, got "{_short(text)}" ({others:,} of its rows hold no number): mend them, or '
        f"say what the column is (--columns {p.name}=category or {p.name}=ignore)"
    )


def _date(p: Profile, reason: str = "") -> Column:
    assert p.formats
    form = next(iter(p.formats))
    others = [dates.in_words(f) for f in p.formats if f != form]
    said = dates.in_words(form)
    if others:
        said += (
            f" ({' or '.join(others)} would fit as well: --columns {p.name}=date:FORMAT decides)"
        )
    said = f"{reason}, {said}" if reason else f"all like {said}"
    return Column(p.name, "date", said, **_learnt(p.formats[form]), gaps=_gaps(p), format=form)


def _looks_like_dates(p: Profile) -> bool:
    """Say whether most values are dates, in one format or another."""
    from chainrule.tables.polars import polars

    sample = polars().Series(list(p.counts or p.training_counts)[:200])
    if not len(sample):
        return p.date_break is not None
    hits = sum(
        any(dates.instants(sample[i : i + 1], f).is_not_null().all() for f in dates.FORMATS)
        for i in range(len(sample))
    )
    return 2 * hits > len(sample)


def _mixed_dates(p: Profile, where: str) -> DataError:
    assert p.date_break is not None
    row, text, form = p.date_break
    return DataError(
        f'{where}: column "{p.name}", row {row}: expected a date like {dates.in_words(form)}, as '
        f'above, got "{_short(text)}": write all dates one way, or say what the column is '
        f"(--columns {p.name}=category or {p.name}=ignore)"
    )


def _texts(p: Profile) -> Column:
    if p.counts is None:
        return Column(p.name, "ignore", "thousands of different texts: an identifier")
    different = len(p.counts)
    if different == 1 and not p.gaps:
        return Column(p.name, "ignore", f'the same everywhere: "{_short(next(iter(p.counts)))}"')
    words = {word.lower() for word in p.counts}
    if different == 2 and words in YES_NO:
        return _category(p, " and ".join(sorted(p.counts)) + " alone", boolean=True)
    if different > TEXTS_APART * p.present and p.present > 10:
        share = "every row" if different == p.present else f"{different:,} of {p.present:,} rows"
        return Column(p.name, "ignore", f"{share} another text: an identifier")
    return _category(p, f"{different:,} different texts")


def _category(p: Profile, reason: str, *, boolean: bool = False) -> Column:
    """Return a column of tokens; those that are rare in the training rows share one.

    Rare is: fewer than 2 rows in a table of up to 1,000, then fewer than one row in 500, up to 10.
    """
    least = min(10, max(2, p.training_rows // 500))
    counts = sorted(p.training_counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [value for value, n in counts if n >= least][:MOST_CATEGORIES]
    if boolean or not kept:
        kept = [value for value, _ in counts][:MOST_CATEGORIES]
    rare = len(counts) - len(kept)
    if rare:
        reason += f", {rare:,} of them rare"
    kind: Any = "boolean" if boolean else "category"
    known, gaps, rows = tuple(sorted(kept, key=in_order)), _gaps(p), max(p.training_rows, 1)
    shares = [p.training_counts[value] / rows for value in known] + [gaps] * (gaps > 0)
    shares.insert(0, max(1 - sum(shares), 0.0) if rare else 0.0)
    return Column(
        p.name, kind, reason, gaps=gaps, categories=known, rare=rare, shares=tuple(shares)
    )


def in_order(value: str) -> tuple[bool, float, str]:
    """Sort numbers by size and texts by letter."""
    try:
        return False, float(value), value
    except ValueError:
        return True, 0.0, value


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
