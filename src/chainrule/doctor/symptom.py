"""What a symptom is, and the table of all of them.

A symptom is a function from the evidence to findings, with a name and what it has to see:

    @symptom("dead ReLUs", "pass")
    def dead_relus(seen: Evidence) -> Iterator[Finding]: ...

Written in a file of `doctor/symptoms/`, it is in the table; nothing else has to know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chainrule.doctor.evidence import Evidence, Part
from chainrule.doctor.finding import Finding

Check = Callable[[Evidence], Iterator[Finding]]


@dataclass(frozen=True)
class Symptom:
    """A name, what of the evidence it looks at (one of these is enough), and the check."""

    name: str
    looks_at: tuple[Part, ...]
    check: Check

    def findings(self, seen: Evidence) -> list[Finding]:
        """Return what is found; nothing where there is nothing to look at."""
        if not self.visible(seen):
            return []
        return [replace(finding, name=self.name) for finding in self.check(seen)]

    def visible(self, seen: Evidence) -> bool:
        """Say whether the evidence has a part that this symptom shows in."""
        return any(seen.has(part) for part in self.looks_at)


SYMPTOMS: list[Symptom] = []


def symptom(name: str, *looks_at: Part) -> Callable[[Check], Check]:
    """Put a check into the table."""

    def put(check: Check) -> Check:
        SYMPTOMS.append(Symptom(name, looks_at, check))
        return check

    return put
