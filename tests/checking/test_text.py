"""The page that a certificate prints: its sections, and lines that can be redone by hand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from chainrule.checking import check
from planted_bugs import BUGS, Bug
from planted_bugs.report import checked


class Layer:
    """The layer of the issue's first example."""

    def __init__(self) -> None:
        self.W = np.array([[0.5, -1.0], [2.0, 0.3]])
        self.B = np.array([[0.1], [0.2]])

    def forward(self, X: Any) -> Any:
        self.X = X
        return self.W @ X + self.B

    def backward(self, dY: Any) -> Any:
        self.dW = dY @ self.X.T
        self.dB = dY.sum(axis=1, keepdims=True)
        return self.W @ dY


class Affine:
    """The layer of the issue's second example."""

    def __init__(self, units: int) -> None:
        self.W, self.b = np.full((2, units), 0.01), np.zeros(units)

    def forward(self, X: Any) -> Any:
        self.X = X
        return X @ self.W + self.b

    def backward(self, dY: Any) -> Any:
        return dY @ self.W.T, {"W": self.X.T @ dY, "b": dY.mean(axis=0)}


def test_a_missing_transpose_reads_as_in_the_example() -> None:
    text = str(check(Layer(), samples=3, notation="columns", title="layer"))
    assert "layer (test_text.py:16)   X (2, 3) → Y (2, 3)   3 samples" in text
    assert "dW (2, 2)  ✓  4 of 4 entries agree to 15 digits" in text
    assert "dX (2, 3)  ✗  0 of 6 entries agree" in text
    assert "Worst at input 2 of sample 3, dX[1, 2] in your code" in text
    assert "The transpose of W is missing." in text
    assert re.search(r"you wrote +dX = W·dY +test_text.py:30 +return self.W @ dY", text)
    assert re.search(r"it should be +dX = Wᵀ·dY +return self.W.T @ dY", text)
    assert "expected   w₁₂·dy₁₃ + w₂₂·dy₂₃ = −1·(−2)" in text
    assert "only Wᵀ fits: (3,2)·(2,m) → (3,m), while (2,3)·(2,m) stops." in text
    assert "Put right, 6 of 6 entries agree to 15 digits." in " ".join(text.split())
    assert text.endswith("1 of 3 gradients is wrong.")


def test_an_averaged_bias_reads_as_in_the_example() -> None:
    text = str(check(Affine(3)))
    assert "db (3,)    ✗  0 of 3 entries agree, each too small by the factor 4.0000" in text
    assert "The bias gradient is averaged over the batch; it must be summed." in text
    assert "it should be   db = Σ rows of dY" in text
    assert '"b": dY.sum(axis=0)' in text
    assert "It belongs to the loss and comes in" in text
    assert "4.0000 for 4 samples, 7.0000 for 7 samples" in " ".join(text.split())


def value_of(numbers: str) -> float:
    """Work out a line's numbers as somebody would by hand."""
    python = numbers.replace("−", "-").replace("·", "*").replace("²", "**2")
    assert re.fullmatch(r"[-+*/(). \de]+", python), python
    return float(eval(python))


def lines_by_hand(text: str) -> list[str]:
    lines, found = text.split("\n"), []
    for number, line in enumerate(lines):
        if re.match(r"     (expected|yours) ", line):
            whole = line
            for more in lines[number + 1 :]:
                if not more.startswith(" " * 16):
                    break
                whole += " " + more.strip()
            found.append(whole.strip())
    return found


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_every_line_by_hand_can_be_redone_from_its_digits(bug: Bug) -> None:
    for line in lines_by_hand(str(checked(bug))):
        steps = line.split(" = ")
        if len(steps) > 1:
            for step in steps[1:-1]:
                result = value_of(steps[-1])
                assert value_of(step) == pytest.approx(result, rel=1e-4, abs=2e-6), line


def test_most_bugs_are_worked_out_by_hand() -> None:
    assert sum(bool(lines_by_hand(str(checked(bug)))) for bug in BUGS) > 0.8 * len(BUGS)


class Unlike:
    """A backward that no slip explains."""

    def forward(self, X: Any) -> Any:
        self.X = X
        return np.tanh(X)

    def backward(self, dY: Any) -> Any:
        return dY * np.cos(3 * self.X) + 0.37


def test_where_no_slip_explains_it_the_page_says_so() -> None:
    certificate = check(Unlike())
    assert not certificate.passed
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.findings == ()
    text = " ".join(str(certificate).split())
    assert "None of the known slips gives these numbers" in text
    assert "return dY * np.cos(3 * self.X) + 0.37" in text


class Both(Layer):
    """Two slips on one line, and a third one elsewhere."""

    def backward(self, dY: Any) -> Any:
        self.dW = dY @ self.X.T
        self.dB = dY.mean(axis=1, keepdims=True)
        return -self.W @ dY


def test_several_slips_are_told_apart() -> None:
    certificate = check(Both(), notation="columns")
    assert certificate.diagnosis is not None
    assert not certificate.diagnosis.unexplained
    found = {s["slip"] for s in certificate.to_json()["diagnosis"]["findings"]}
    assert "bias averaged" in found
    assert len(certificate.diagnosis.findings) == 2


class InFloat32(Affine):
    def forward(self, X: Any) -> Any:
        return super().forward(X)

    def backward(self, dY: Any) -> Any:
        dX, grads = super().backward(dY)
        return dX.astype(np.float32), {n: g.astype(np.float32) for n, g in grads.items()}


def test_float32_gradients_are_judged_by_their_precision() -> None:
    certificate = check(InFloat32(3))
    wrong = [r.name for r in certificate.results if not r.passed]
    assert wrong == ["db"]
    assert certificate.diagnosis is not None
    assert certificate.diagnosis.slips == ("bias averaged",)
