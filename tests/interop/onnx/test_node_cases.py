"""ONNX's own node tests of the operators that have a reader: each passes, or is listed with why."""

from __future__ import annotations

import pytest

from onnx_node_cases import DOCUMENT, PASSES, REASONS, WORDS, cases, listed, outcome


def test_every_reason_is_explained() -> None:
    assert set(REASONS) < set(WORDS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_case_does_what_the_list_says() -> None:
    onnx = pytest.importorskip("onnx")
    page = DOCUMENT.read_text()
    reasons, failed, count = listed(page), [], 0
    same_version = f"onnx {onnx.__version__} " in page  # another one may have further cases
    for case in cases():
        try:
            found = outcome(case)
        except Exception as error:
            failed.append(f"{case.name}: {type(error).__name__} {str(error)[:200]}")
            continue
        count += found == PASSES
        expected = reasons.get(case.name, PASSES if same_version else found)
        if found != expected:
            failed.append(f"{case.name}: {found}; the list says: {expected}")
    assert failed == []
    assert count >= 150
