"""What the doctor says: the findings, and what was looked at."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chainrule.doctor.finding import Finding

WIDTH = 96


@dataclass(frozen=True)
class Report:
    """The findings, problems first; `looked_for` are the names of all that could be judged.

    `about` says what was looked at, `not_seen` what could not be judged and why. Prints as text for
    a terminal; true where there is a problem.
    """

    findings: tuple[Finding, ...]
    about: str
    looked_for: tuple[str, ...]
    not_seen: str = ""

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that are problems, without the remarks."""
        return tuple(finding for finding in self.findings if finding.severity == "problem")

    @property
    def healthy(self) -> bool:
        """Whether there is no problem."""
        return not self.problems

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, name: str) -> Finding:
        """Return the first finding of this name; raise KeyError with the names there are."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"{name!r}: found are {', '.join(f.name for f in self.findings) or 'none'}")

    def __contains__(self, name: object) -> bool:
        return any(finding.name == name for finding in self.findings)

    def __str__(self) -> str:
        remarks = len(self.findings) - len(self.problems)
        counted = [_count(len(self.problems), "problem"), _count(remarks, "remark")]
        head = " and ".join(count for count in counted if count) or "nothing wrong found"
        lines = [f"{head} ({self.about})", ""]
        for number, finding in enumerate(self.findings, 1):
            mark = f"{number}." if finding.severity == "problem" else f"{number}. remark:"
            lines.append(f"{mark} {finding.title}")
            lines += _filled(f"{finding.evidence}.")
            lines += [f"     {row}" for row in finding.rows()] if finding.table else []
            lines += [*_filled(f"To mend it: {finding.what_to_do}."), ""]
        rest = [name for name in dict.fromkeys(self.looked_for) if name not in self]
        lines += _filled(f"looked for and not found: {', '.join(rest)}", "")
        if self.not_seen:
            lines += _filled(self.not_seen, "")
        return "\n".join(lines)

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "healthy": self.healthy,
            "about": self.about,
            "findings": [finding.to_dict() for finding in self.findings],
            "looked_for": list(dict.fromkeys(self.looked_for)),
            "not_seen": self.not_seen or None,
        }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number > 1)}" if number else ""


def _filled(text: str, indent: str = "   ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
