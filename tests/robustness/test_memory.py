"""The memory that is predicted for a training is about what it takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from robustness import memory

ROOT = Path(memory.__file__).parent.parent


@pytest.mark.parametrize(
    ("before", "predicted", "peak", "said"),
    [
        (50, 95, 100, ""),
        (50, 90, 100, "TOO LOW"),
        (50, 190, 100, ""),
        (50, 210, 100, "TOO HIGH"),
        (50, 190, 60, ""),  # of so little nobody takes note
    ],
)
def test_a_prediction_is_judged(before: int, predicted: int, peak: int, said: str) -> None:
    found = {"before": before, "predicted": predicted, "peak": peak}
    assert memory.judged({name: size * 1_000_000 for name, size in found.items()}) == said


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is Linux's")
def test_no_prediction_is_far_from_what_a_training_takes() -> None:
    command = [sys.executable, "-m", "robustness.memory", "--engines", "numpy"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
