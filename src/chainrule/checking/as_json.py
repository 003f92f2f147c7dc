"""A certificate as plain values, for graders and CI; `docs/check.md` lists the keys."""

from __future__ import annotations

from math import isfinite
from typing import Any

from chainrule.checking.certificate import Certificate
from chainrule.checking.diagnosis.search import Finding
from chainrule.checking.measure import Result

FORMAT = 1


def json_of(certificate: Certificate) -> dict[str, Any]:
    """Return the certificate as dictionaries, lists, text and numbers; not finite becomes None."""
    subject, diagnosis = certificate.subject, certificate.diagnosis
    return {
        "format": FORMAT,
        "subject": subject.title,
        "place": subject.place,
        "notation": subject.notation,
        "passed": certificate.passed,
        "seed": certificate.seed,
        "samples": list(certificate.batches),
        "problem": certificate.problem or None,
        "results": [_result(r) for r in certificate.results],
        "remarks": [{"text": r.text, "passed": r.passed} for r in certificate.remarks],
        "diagnosis": None
        if diagnosis is None
        else {
            "layer": diagnosis.part or None,
            "findings": [_finding(f, certificate) for f in diagnosis.findings],
            "unexplained": list(diagnosis.unexplained),
        },
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "gradient": result.name,
        "variable": result.variable,
        "shape": list(result.shape),
        "passed": result.passed,
        "entries": result.entries,
        "agree": result.agree,
        "digits": result.digits,
        "set_aside": result.aside,
        "method": "complex step" if result.analytic else "central difference",
        "worst": {
            "index": list(result.index),
            "board": [i + 1 for i in result.index],
            "expected": _number(result.expected),
            "received": _number(result.received),
        },
        "ratio": None if result.ratio is None else _number(result.ratio),
        "problem": result.problem or None,
    }


def _finding(finding: Finding, certificate: Certificate) -> dict[str, Any]:
    from chainrule.checking.wording import Words

    assert certificate.diagnosis is not None
    words = Words(certificate.diagnosis)
    code = words.code(finding)
    return {
        "slip": finding.slip,
        "slips": [m.hypothesis.name for m in finding.mutations],
        "claim": finding.claim,
        "says": words.says(finding),
        "gradients": words.explained(finding),
        "wrote": words.wrote(finding),
        "should_be": words.should_be(finding),
        "place": None if code is None else str(code),
        "line": None if code is None else code.text,
        "closest_other": None
        if finding.closest is None
        else {"slip": finding.closest[0], "off_by": _number(finding.closest[1])},
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
