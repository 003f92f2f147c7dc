"""What `check` returns: every gradient's result, what else was looked at, and the diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chainrule.checking.diagnosis.diagnose import Diagnosis
from chainrule.checking.measure import Measurement, Result
from chainrule.checking.subject import Subject


@dataclass(frozen=True)
class Remark:
    """Something else that was checked: "shapes fit" passed, failed, or (None) could not be."""

    text: str
    passed: bool | None = True


@dataclass(frozen=True)
class Certificate:
    """A gradient certificate; `str(certificate)` is the text for a terminal.

    `results` has one entry for every gradient, of the first batch; `remarks` what else was looked
    at. `diagnosis` says why a gradient is wrong (None where all agree). `problem` is set where the
    backward pass stopped with an error.

    >>> import chainrule as cr
    >>> from chainrule.checking import check
    >>> certificate = check(cr.Dense(3))
    >>> certificate.passed, [result.name for result in certificate.results]
    (True, ['dX', 'dW', 'db'])
    """

    subject: Subject
    measurement: Measurement | None
    results: tuple[Result, ...]
    remarks: tuple[Remark, ...]
    seed: int = 0
    diagnosis: Diagnosis | None = None
    problem: str = ""
    ratios: tuple[tuple[int, str, float], ...] = ()  # samples, gradient, received / expected
    batches: tuple[int, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every gradient agrees and every remark holds."""
        agree = all(r.passed for r in self.results) and not self.problem
        return agree and all(remark.passed is not False for remark in self.remarks)

    @property
    def exit_code(self) -> int:
        """0 where all agree, 1 where something does not."""
        return 0 if self.passed else 1

    @cached_property
    def text(self) -> str:
        """The certificate as text."""
        from chainrule.checking.text import text_of

        return text_of(self)

    def __str__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        return self.passed

    def to_json(self) -> dict[str, Any]:
        """Return the certificate as plain values; the keys are described in docs/check.md."""
        from chainrule.checking.as_json import json_of

        return json_of(self)
