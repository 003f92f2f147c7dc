"""Check every planted bug, and count how many get the right diagnosis."""

from __future__ import annotations

from typing import Any

from chainrule.checking import Certificate, check
from planted_bugs.table import BUGS, Bug


def checked(bug: Bug) -> Certificate:
    return check(bug.subject(), title=bug.name, **bug.options)


def verdict(bug: Bug, certificate: Certificate) -> str:
    """Return "" for the right diagnosis, else what was said in its place."""
    if certificate.passed:
        return "passed"
    diagnosis = certificate.diagnosis
    if diagnosis is None or not diagnosis.findings:
        return f"no diagnosis {certificate.problem}"
    slips, claims = diagnosis.slips, diagnosis.claims
    if diagnosis.unexplained:
        return f"unexplained: {diagnosis.unexplained}, found {slips}"
    if set(slips) != {bug.slip}:
        return f"found {slips}"
    if set(claims) != {bug.claim}:
        return f"claimed {claims}"
    return ""


def rate() -> dict[str, Any]:
    """Return {"bugs": 60, "right": 59, "wrong": {name: what was said}}."""
    said = {str(bug): verdict(bug, checked(bug)) for bug in BUGS}
    wrong = {name: text for name, text in said.items() if text}
    return {"bugs": len(said), "right": len(said) - len(wrong), "wrong": wrong}
