from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.building import build_network, output_count, scale_factor, sizes, uneven_columns


@pytest.mark.parametrize(
    ("x", "factor"),
    [
        (np.array([[[0, 255]]], np.uint8), 1 / 255),
        (np.array([[[0, 12]]], np.uint8), 1 / 16),
        (np.array([[[0.0, 200.0]]]), 1 / 255),
        (np.array([[[0, 40000]]], np.uint16), 1 / 65535),
        (np.array([[0, 200]], np.uint8), 1 / 255),
        (np.array([[0, 200]]), None),
        (np.array([[[0.0, 0.5]]]), None),
        (np.array([[[0.0, 1.0]]]), None),
        (np.array([[[-1, 255]]]), None),
        (np.array([[[0.5, 200.0]]]), None),
    ],
)
def test_scale_only_where_the_data_are_pixels(x, factor):
    assert scale_factor(x) == factor


def test_uneven_columns():
    x = np.arange(20.0).reshape(10, 2)
    assert uneven_columns(x) is None
    assert uneven_columns(x * [1, 1000]) is not None
    assert uneven_columns(np.zeros((5, 2))) is None


def test_hidden_layers_and_activations_alternate():
    network = build_network((2, 2), 3, (5, 4), cr.Tanh(), cr.Softmax(), 0.5)
    assert network == cr.Sequential(
        cr.Scale(0.5), cr.Flatten(), cr.Dense(5), cr.Tanh(), cr.Dense(4), cr.Tanh(), cr.Dense(3),
        cr.Softmax(),
    )  # fmt: skip


@pytest.mark.parametrize("wrong", ["x", "3,-1", "0", [1.5], [True], "1 2 x"])
def test_sizes_that_are_none(wrong):
    with pytest.raises(cr.ConfigurationError, match="layers must be sizes"):
        sizes(wrong)


def test_a_loss_for_classes_refuses_numbers():
    with pytest.raises(cr.ConfigurationError, match="needs classes"):
        output_count("cross-entropy", "regression", 0, np.zeros(3), "classes")
    columns = np.zeros((3, 2))
    assert output_count("squared-error", "regression", 0, columns, "regression") == 2
