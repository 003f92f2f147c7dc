"""Convolution and pooling: shapes, ties, and that folding is the transpose of taking parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule.layers.windows import Windows


@given(
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 4), st.integers(1, 3)),
    pads=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    size=st.tuples(st.integers(4, 8), st.integers(3, 6)),
    seed=st.integers(0, 99),
)
def test_fold_is_the_transpose_of_parts(
    kernel: Any, stride: Any, pads: Any, size: Any, seed: int
) -> None:
    windows = Windows(kernel, stride, ((pads[0], pads[1]), (pads[1], pads[0])))
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(2, *size, 2))
    parts = windows.parts(X)
    assert {part.shape for part in parts} == {(2, *windows.places(size), 2)}
    D = [generator.normal(size=part.shape) for part in parts]
    folded = windows.fold(D, X.shape)
    assert folded.shape == X.shape
    inner = sum((d * part).sum() for d, part in zip(D, parts, strict=True))
    assert inner == pytest.approx((folded * X).sum(), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("layer", [cr.MaxPool(2), cr.MaxPool(3, 1, 1)], ids=repr)
def test_of_equal_entries_the_first_gets_the_gradient_as_in_pytorch(layer: Any) -> None:
    torch = pytest.importorskip("torch")
    X = np.random.default_rng(0).integers(0, 3, (3, 6, 6, 2)).astype(float)
    Y, cache = layer.forward({}, X)
    dY = np.random.default_rng(1).normal(size=Y.shape)
    inputs = torch.tensor(X, requires_grad=True)
    f = torch.nn.functional.max_pool2d
    outputs = f(inputs.movedim(-1, 1), layer.kernel, layer.stride, layer.padding).movedim(1, -1)
    outputs.backward(torch.tensor(dY))
    np.testing.assert_allclose(layer.backward({}, cache, dY)[0], inputs.grad.numpy(), atol=1e-15)


def test_same_padding_keeps_the_size() -> None:
    for kernel in (1, 2, 3, 4, (3, 2)):
        assert cr.Conv2D(5, kernel, padding="same").output_shape((7, 6, 3)) == (7, 6, 5)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (cr.Conv2D(2, 3), (28, 28), r"Reshape\(\(height, width, 1\)\) before it"),
        (cr.Conv2D(2, 5), (4, 4, 1), r"no smaller than its kernel 5, got \(batch, 4, 4, 1\)"),
        (cr.Conv1D(2, 3), (5, 5, 1), r"expected \(batch, length, channels\)"),
        (cr.MaxPool(), (9,), r"expected \(batch, height, width, channels\)"),
        (cr.AveragePool(3), (2, 2, 1), "no smaller than its kernel 3"),
        (cr.GlobalAveragePool(), (9,), r"expected \(batch, height"),
        (cr.Reshape((2, 3)), (5,), r"expected 6 entries a sample, got \(batch, 5\): these are 5"),
        (cr.Reshape((2, -1)), (5,), "expected 2 entries a sample"),
    ],
    ids=repr,
)
def test_shapes_that_do_not_fit_are_refused(layer: Any, shape: Any, message: str) -> None:
    with pytest.raises(cr.ShapeError, match=message):
        layer.output_shape(shape)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.Conv2D(0, 3), "Conv2D: filters must be a positive integer, got 0"),
        (lambda: cr.Conv2D(2, 0), "Conv2D: kernel must be a positive integer, or 2 of them, got 0"),
        (lambda: cr.Conv2D(2, (3, 3, 3)), r"got \(3, 3, 3\)"),
        (lambda: cr.Conv2D(2, 3, stride=0), "stride must be"),
        (
            lambda: cr.Conv2D(2, 3, padding=-1),
            "padding must be a whole number of 0 or more",
        ),
        (lambda: cr.Conv2D(2, 3, padding="full"), 'padding must be a number or "same", got'),
        (lambda: cr.Conv2D(2, 3, stride=2, padding="same"), 'padding "same" needs stride 1'),
        (lambda: cr.MaxPool(0), "MaxPool: kernel must be"),
        (lambda: cr.MaxPool(2, padding=2), "padding must be smaller than the kernel"),
        (lambda: cr.MaxPool(2, padding=((0, 2), (0, 0))), "padding must be smaller than the"),
        (lambda: cr.Conv2D(2, 3, padding=((0, 1),)), r"padding must be 2 pairs \(before, after\)"),
        (lambda: cr.Conv2D(2, 3, padding=((0, -1), (0, 1))), "must be 2 pairs"),
        (lambda: cr.Reshape((0, 2)), "shape must be positive integers"),
        (lambda: cr.Reshape((-1, -1)), "at most one of them -1"),
    ],
)
def test_values_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        make()


def test_a_small_network_of_convolutions_learns_the_digits() -> None:
    (x, y), (x_test, y_test) = cr.data.load("digits")
    network = cr.Sequential(
        cr.Scale(1 / 16),
        cr.Reshape((8, 8, 1)),
        cr.Conv2D(8, 3, padding="same"),
        cr.ReLU(),
        cr.MaxPool(2),
        cr.Conv2D(16, 3),
        cr.ReLU(),
        cr.Flatten(),
        cr.Dense(10),
    )
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.01))
    model.fit(x, y, epochs=5, engine="numpy", verbose=0)
    assert model.evaluate(x_test, y_test)["accuracy"] > 0.93
