"""What a column is, why, and what was learnt of it: plain values that a model's header keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from chainrule.errors import ConfigurationError, ModelFileError, unknown_name

Kind = Literal["number", "category", "boolean", "date", "ignore"]
KINDS: tuple[str, ...] = get_args(Kind)
HOT = 32  # categories; with more, a column is embedded instead of one-hot encoded
DATE_PARTS = ("days", "season cos", "season sin", "weekday cos", "weekday sin")
TIME_PARTS = ("hour cos", "hour sin")


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, its kind with the reason, and what is known of its values.

    `fill` holds what stands in for a missing number (for a date, one for each of its parts): the
    mean of the training rows; with `gaps`, one more input says whether the value was missing.
    `categories` are those the training rows hold often enough; all others share token 0.
    """

    name: str
    kind: Kind
    reason: str
    fill: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    gaps: float = 0.0  # share of the training rows in which it is missing
    format: str = ""
    categories: tuple[str, ...] = ()
    rare: int = 0  # how many categories share token 0
    shares: tuple[float, ...] = ()  # of the training rows, by token

    @property
    def used(self) -> bool:
        """Whether the network sees the column."""
        return self.kind != "ignore"

    @property
    def tokens(self) -> bool:
        """Whether the column comes to the network as one token."""
        return self.kind in ("category", "boolean")

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its numbers; of a date there are several."""
        if self.kind == "date":
            own = (*DATE_PARTS, *TIME_PARTS) if has_time(self.format) else DATE_PARTS
            return tuple(f"{self.name}: {part}" for part in own)
        return (self.name,)

    def to_config(self) -> dict[str, Any]:
        """Return the fields as plain JSON values, without those that say nothing."""
        return {k: v for k, v in asdict(self).items() if v not in ((), "", 0, 0.0)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Column:
        """Return the column that `to_config` wrote; raise ModelFileError for anything else."""
        lists: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in config.items()
        }
        try:
            column = cls(**lists)
        except TypeError as error:
            raise ModelFileError(f"a column in the header is damaged: {error}") from None
        if column.kind not in KINDS or not isinstance(column.name, str):
            raise ModelFileError(f"a column in the header is damaged: {config}")
        return column


def has_time(format: str) -> bool:
    """Say whether a date format holds a time of day.

    >>> has_time("%Y-%m-%d"), has_time("%Y-%m-%d %H:%M")
    (False, True)
    """
    return "%H" in format


def overrules(given: str | Mapping[str, str] | None) -> dict[str, tuple[Kind, str]]:
    """Return name -> (kind, date format) from "age=number,when=date:%d.%m.%Y" or a mapping.

    Raises ConfigurationError for a kind that is not known.

    >>> overrules("age=number,when=date:%d.%m.%Y")
    {'age': ('number', ''), 'when': ('date', '%d.%m.%Y')}
    """
    if given is None:
        return {}
    if isinstance(given, str):
        pairs = [part.partition("=") for part in given.split(",") if part.strip()]
        for name, equals, kind in pairs:
            if not equals or not kind.strip():
                raise ConfigurationError(
                    f'columns must be like "age=number,zip=category", got "{name}{equals}"'
                )
        given = {name.strip(): kind.strip() for name, _, kind in pairs}
    found: dict[str, tuple[Kind, str]] = {}
    for name, said in given.items():
        word, _, form = str(said).partition(":")
        kind = {"bool": "boolean", "id": "ignore", "text": "category"}.get(word, word)
        if kind not in KINDS or (form and kind != "date"):
            raise unknown_name(f'kind of column for "{name}"', word, KINDS)
        found[name] = (kind, form)  # type: ignore[assignment]
    return found
