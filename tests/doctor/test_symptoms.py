"""Every symptom is found where it was planted; healthy trainings are let alone."""

from __future__ import annotations

from collections import Counter

import pytest

import chainrule as cr
from chainrule.doctor.symptom import SYMPTOMS
from chainrule.doctor.symptoms import FAMILIES
from doctor_cases import Case, Planted
from healthy_trainings import HEALTHY
from planted_trainings import PLANTED


def report(case: Case) -> cr.doctor.Report:
    return cr.examine(case.model, case.x, case.y, held_out=case.held_out)


@pytest.mark.parametrize(
    "planted", PLANTED, ids=[f"{p.symptom}-{i}" for i, p in enumerate(PLANTED)]
)
def test_what_was_planted_is_found_in_its_place(planted: Planted) -> None:
    found = report(planted.make())
    assert planted.symptom in found, str(found)
    finding = found[planted.symptom]
    if planted.where:
        assert finding.where == planted.where
    known = {name: finding.numbers[name] for name in planted.numbers}
    assert (
        known == pytest.approx(planted.numbers) if _all_numbers(known) else known == planted.numbers
    )
    assert finding.evidence
    assert finding.what_to_do


def _all_numbers(values: dict[str, object]) -> bool:
    return all(isinstance(value, int | float) for value in values.values())


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_training_is_not_accused(name: str) -> None:
    found = report(HEALTHY[name]())
    assert found.healthy
    assert list(found) == [], str(found)


def test_each_symptom_is_planted_at_least_twice() -> None:
    planted = Counter(p.symptom for p in PLANTED)
    assert {s.name for s in SYMPTOMS} == set(planted)
    assert min(planted.values()) >= 2


def test_every_family_has_its_place_in_the_order() -> None:
    assert {s.check.__module__ for s in SYMPTOMS} == {family.__name__ for family in FAMILIES}
