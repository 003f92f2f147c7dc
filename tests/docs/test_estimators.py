from __future__ import annotations

import pytest

from documents import ROOT, run_python

pytest.importorskip("sklearn")


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_page_runs_as_printed() -> None:
    run_python(ROOT / "docs" / "estimators.md", {})
