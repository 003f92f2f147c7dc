"""Every planted bug gets the right diagnosis; `-s` prints the rate."""

from __future__ import annotations

from collections import Counter

import pytest

from planted_bugs import BUGS, Bug
from planted_bugs.report import checked, verdict

FILES = ("dense.py", "order.py", "activations.py", "losses.py", "pairs.py")
SLIPS = {
    "1/n",
    "2 or ½",
    "bias averaged",
    "derivative at the wrong value",
    "derivative left out",
    "gradient overwritten",
    "not summed over the batch",
    "sign",
    "softmax as elementwise",
    "softmax twice",
    "transpose",
    "updated before use",
    "wrong axis",
}


def test_there_are_enough_of_every_slip_in_every_setting() -> None:
    count = Counter(bug.slip for bug in BUGS)
    assert set(count) == SLIPS
    assert min(count.values()) >= 3
    assert len(BUGS) >= 40
    certificates = [checked(bug) for bug in BUGS]
    notations = {c.subject.notation for c in certificates}
    samples = {c.measurement.trial.m for c in certificates if c.measurement}
    assert notations == {"rows", "columns", "transposed"}
    assert 1 in samples
    assert max(samples) > 3


def test_at_least_nine_in_ten_are_diagnosed_with_the_right_slip() -> None:
    said = {str(bug): verdict(bug, checked(bug)) for bug in BUGS}
    wrong = {name: text for name, text in said.items() if text}
    print(f"\n{len(said) - len(wrong)} of {len(said)} planted bugs get the right diagnosis")
    assert len(wrong) <= 0.1 * len(said), wrong


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_each_gets_the_right_slip_at_its_gradients_and_its_line(bug: Bug) -> None:
    certificate = checked(bug)
    assert verdict(bug, certificate) == ""
    assert not certificate.passed
    wrong = {r.name for r in certificate.results if not r.passed}
    assert wrong == set(bug.gradients)
    finding = certificate.to_json()["diagnosis"]["findings"][0]
    assert finding["place"].split(":")[0] in FILES
    assert finding["line"]
    assert finding["says"] in " ".join(str(certificate).split())
