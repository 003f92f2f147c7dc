"""A checker that cannot fail proves nothing: here it meets layers that are wrong on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import away_from_zero
from gradient_check import central_difference, check_layer, check_loss, compare, complex_step


@dataclass(frozen=True, repr=False)
class MissingTranspose(cr.Dense):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY @ params["W"], self.parameter_gradients(params, cache, dY)


@dataclass(frozen=True, repr=False)
class WeightsTurned(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": dY.T @ cache, "b": dY.sum(axis=0)}


@dataclass(frozen=True, repr=False)
class BiasAveraged(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": cache.T @ dY, "b": dY.mean(axis=0)}


@dataclass(frozen=True, repr=False)
class BiasSign(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": cache.T @ dY, "b": -dY.sum(axis=0)}


@dataclass(frozen=True, repr=False)
class BiasNotSummed(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": cache.T @ dY, "b": dY}


@dataclass(frozen=True, repr=False)
class BiasForgotten(cr.Dense):
    def parameter_gradients(self, params: Any, cache: Any, dY: Any) -> Any:
        return {"W": cache.T @ dY}


@dataclass(frozen=True, repr=False)
class SoftmaxWithoutSum(cr.Softmax):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return cache * dY, {}


@dataclass(frozen=True, repr=False)
class SoftmaxAsIfElementwise(cr.Softmax):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY * cache * (1 - cache), {}


@dataclass(frozen=True, repr=False)
class SigmoidOfOutput(cr.Sigmoid):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        S = 1 / (1 + np.exp(-cache))  # the classic slip: σ′ taken at the output
        return dY * S * (1 - S), {}


@dataclass(frozen=True, repr=False)
class TanhNotSquared(cr.Tanh):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY * (1 - cache), {}


@dataclass(frozen=True, repr=False)
class SlightlyOff(cr.Scale):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY * (self.factor * (1 + 1e-6)), {}


@dataclass(frozen=True, repr=False)
class NotANumber(cr.Identity):
    def backward(self, params: Any, cache: Any, dY: Any) -> Any:
        return dY * np.nan, {}


WRONG = [
    (MissingTranspose(3), "X"),
    (WeightsTurned(3), "W"),
    (BiasAveraged(3), "b"),
    (BiasSign(3), "b"),
    (SoftmaxWithoutSum(), "X"),
    (SoftmaxAsIfElementwise(), "X"),
    (SigmoidOfOutput(), "X"),
    (TanhNotSquared(), "X"),
    (SlightlyOff(2.0), "X"),
    (NotANumber(), "X"),
]


@pytest.mark.parametrize(("layer", "culprit"), WRONG, ids=lambda value: repr(value))
def test_a_wrong_backward_is_found_and_named(layer: cr.Layer, culprit: str) -> None:
    X = away_from_zero((4, 3), seed=1)
    params = layer.init((3,), seed=2, dtype="float64")
    with pytest.raises(AssertionError) as caught:
        check_layer(layer, params, X)
    message = str(caught.value)
    assert f"{layer!r}: gradient of {culprit}[" in message
    assert "expected" in message
    assert "got" in message


def test_a_gradient_of_another_shape_or_a_missing_one_is_found() -> None:
    X = away_from_zero((4, 3), seed=1)
    params = cr.Dense(3).init((3,), dtype="float64")
    with pytest.raises(AssertionError, match=r"gradient of b: expected shape \(3,\), got \(4, 3\)"):
        check_layer(BiasNotSummed(3), params, X)
    with pytest.raises(AssertionError, match=r"expected gradients of \['W', 'b'\], got \['W'\]"):
        check_layer(BiasForgotten(3), params, X)


def test_a_wrong_layer_inside_a_sequence_is_named_by_its_path() -> None:
    network = cr.Sequential(cr.Dense(3), BiasSign(2))
    params = network.init((3,), dtype="float64")
    with pytest.raises(AssertionError, match=r"gradient of 1\.b\["):
        check_layer(network, params, away_from_zero((4, 3), seed=1))


def test_the_message_names_the_worst_entry_with_both_numbers() -> None:
    expected, received = np.ones((2, 3)), np.ones((2, 3))
    received[1, 2] = 1.5
    with pytest.raises(AssertionError, match=r"dW\[1, 2\]: expected 1, got 1\.5"):
        compare("dW", expected, received, 1e-7)


def test_complex_step_finds_what_a_central_difference_cannot_resolve() -> None:
    @dataclass(frozen=True, repr=False)
    class Nearly(cr.Identity):
        def backward(self, params: Any, cache: Any, dY: Any) -> Any:
            return dY * (1 + 1e-9), {}

    X = away_from_zero((2, 2), seed=1)
    check_layer(Nearly(), {}, X)
    with pytest.raises(AssertionError, match=r"Nearly\(\): gradient of X"):
        check_layer(Nearly(), {}, X, complex_step, 1e-12)


def test_a_wrong_loss_is_found() -> None:
    @dataclass(frozen=True, repr=False)
    class NoFactorTwo(cr.SquaredError):
        def per_sample(self, Z: Any, Y: Any) -> Any:
            return ((Z - Y) ** 2).sum(axis=1), Z - Y

    Z = away_from_zero((3, 2), seed=1)
    with pytest.raises(AssertionError, match=r"NoFactorTwo\(\): gradient of Z\["):
        check_loss(NoFactorTwo(), Z, np.zeros((3, 2)), np.ones(3))


def test_both_numeric_derivatives_know_a_polynomial() -> None:
    at = np.array([[1.0, -2.0], [0.5, 3.0]])
    for numeric, bound in ((central_difference, 1e-9), (complex_step, 1e-15)):
        compare("x³", 3 * at**2, numeric(lambda X: (X**3).sum(), at), bound)
