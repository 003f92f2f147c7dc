"""What the doctor finds: one statement, its evidence in numbers, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["problem", "remark"]


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a training ("problem"), or worth knowing ("remark").

    `where` names the layer, the column or the curve, `evidence` is the sentence with the numbers,
    `table` more of them in rows under a head, and `numbers` the same for programs. The `name` is
    the symptom's, which puts it in.

    >>> found = Finding('ReLU() at "1"', "9 of 12 units are 0", "lower the rate", name="dead ReLUs")
    >>> print(found)
    dead ReLUs, ReLU() at "1": 9 of 12 units are 0. To mend it: lower the rate
    """

    where: str
    evidence: str
    what_to_do: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "problem"
    table: tuple[tuple[str, ...], ...] = ()
    name: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.evidence}. To mend it: {self.what_to_do}"

    @property
    def title(self) -> str:
        """The symptom's name and the place."""
        return ", ".join(part for part in (self.name, self.where) if part)

    def rows(self) -> Iterator[str]:
        """Yield the table as aligned lines, numbers flush right."""
        widths = [max(map(len, column)) for column in zip(*self.table, strict=True)]
        for row in self.table:
            cells = [
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            yield "  ".join(cells).rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {
            "name": self.name,
            "severity": self.severity,
            "where": self.where,
            "evidence": self.evidence,
            "what_to_do": self.what_to_do,
            "numbers": dict(self.numbers),
        }


def at(path: str, layer: object) -> str:
    """Return a layer and its place in words.

    >>> at("1", "ReLU()")
    'ReLU() at "1"'
    """
    return f'{layer} at "{path}"' if path else str(layer)
