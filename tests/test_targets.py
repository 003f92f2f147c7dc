from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.targets import Targets

SOFTMAX, SIGMOID, SQUARED = cr.SoftmaxCrossEntropy(), cr.SigmoidCrossEntropy(), cr.SquaredError()


@pytest.mark.parametrize(
    ("y", "loss", "outputs", "kind"),
    [
        ([0, 2, 1], SOFTMAX, 3, "labels"),
        ([[1, 0, 0], [0, 1, 0]], SOFTMAX, 3, "labels"),
        ([0, 1, 1], SIGMOID, 1, "flags"),
        ([[0, 1], [1, 1]], SIGMOID, 2, "flags"),
        ([0.5, 1.5], SQUARED, 1, "values"),
        ([[0.5, 1.5]], SQUARED, 2, "values"),
        ([0, 9, 3], SQUARED, 10, "labels"),  # the classic digits network trains on squared error
    ],
)
def test_the_kind_follows_from_loss_and_targets(
    y: Any, loss: cr.Loss, outputs: int, kind: str
) -> None:
    assert Targets.learn(y, loss, outputs).kind == kind


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "bool", "int8"])
def test_labels_of_any_numeric_dtype_become_int32(dtype: str) -> None:
    targets = Targets.learn(np.array([0, 1], dtype), SOFTMAX, 2)
    encoded = targets.encode(np.array([1, 0, 1], dtype))
    assert encoded.tolist() == [1, 0, 1]
    assert encoded.dtype == np.int32


def test_flags_and_values_become_one_column_per_output() -> None:
    assert Targets.learn([0, 1], SIGMOID, 1).encode([1, 0]).tolist() == [[1], [0]]
    assert Targets.learn([0.5, 2], SQUARED, 1).encode([2.0, 4.0]).tolist() == [[2], [4]]
    many = Targets.learn([[1.0, 2.0]], SQUARED, 2)
    assert many.encode([[3, 4]]).tolist() == [[3, 4]]


@pytest.mark.parametrize(
    "y", [np.array(["no", "yes", "no"]), np.array(["no", "yes", "no"], object), ["no", "yes", "no"]]
)
@pytest.mark.parametrize(("loss", "outputs"), [(SOFTMAX, 2), (SIGMOID, 1)])
def test_words_are_classes_in_alphabetical_order(y: Any, loss: cr.Loss, outputs: int) -> None:
    targets = Targets.learn(y, loss, outputs)
    assert targets.classes == ("no", "yes")
    assert targets.encode(y).ravel().tolist() == [0, 1, 0]
    Z = np.array([[2.0, 1.0], [0.0, 3.0]])[:, -outputs:] - (0 if outputs == 2 else 2)
    assert targets.decode(Z, loss).tolist() == ["no", "yes"]


def test_names_can_be_given_to_numbers() -> None:
    targets = Targets.learn([0, 1, 1], SOFTMAX, 2, ("cat", "dog"))
    assert targets.encode([1, 0]).tolist() == [1, 0]
    assert targets.encode(np.array(["dog"])).tolist() == [1]
    assert targets.decode(np.array([[0.0, 1.0]]), SOFTMAX).tolist() == ["dog"]


@pytest.mark.parametrize(
    ("loss", "Z", "expected"),
    [
        (SOFTMAX, [[0.1, 3.0, 0.2], [5.0, 1.0, 1.0]], [1, 0]),
        (SIGMOID, [[-0.1], [0.1]], [0, 1]),
        (cr.BinaryCrossEntropy(), [[0.4], [0.6]], [0, 1]),
        (SQUARED, [[0.25], [4.0]], [0.25, 4.0]),
    ],
)
def test_answers_have_the_shape_of_the_targets(loss: cr.Loss, Z: Any, expected: Any) -> None:
    Z = np.array(Z)
    y = np.array([0, 1]) if loss.task != "regression" else np.array([0.5, 1.0])
    assert Targets.learn(y, loss, Z.shape[1]).decode(Z, loss).tolist() == expected
    if loss.task != "classes":
        column = Targets.learn(y[:, None], loss, Z.shape[1]).decode(Z, loss)
        assert column.tolist() == [[value] for value in expected]


@pytest.mark.parametrize(
    ("learnt", "loss", "outputs", "y", "message"),
    [
        ([0, 1], SOFTMAX, 3, [0, 3], r"y\[1\] = 3 is out of range: .* labels run from 0 to 2"),
        ([0, 1], SOFTMAX, 3, [0, -1], r"y\[1\] = -1 is out of range"),
        ([0, 1], SOFTMAX, 3, [0, 1.5], r"y\[1\] = 1.5 is no label: labels are whole numbers"),
        ([0, 1], SOFTMAX, 3, [0, np.nan], r"y holds 1 entries .* y\[1\] = nan"),
        ([0, 1], SIGMOID, 1, [0, 2], r"y\[1\] = 2 is out of range: a yes/no target is 0 or 1"),
        ([[0, 1]], SIGMOID, 2, [[0, 1.5]], r"y\[0, 1\] = 1.5 is out of range"),
        ([0.5, 1], SQUARED, 1, [0.5, np.inf], r"y holds 1 entries that are not finite"),
        ([0.5, 1], SQUARED, 1, ["a", "b"], "y must be numbers here"),
        (
            [0, 1],
            SOFTMAX,
            2,
            ["a", "b"],
            "y is <U1 such as 'a', but the model's classes have no names",
        ),
        (["a", "b"], SOFTMAX, 2, ["a", "c"], r"y\[1\] = 'c' is no known class: a, b"),
    ],
)
def test_targets_that_cannot_be_meant_are_refused(
    learnt: Any, loss: cr.Loss, outputs: int, y: Any, message: str
) -> None:
    with pytest.raises(cr.DataError, match=message):
        Targets.learn(learnt, loss, outputs).encode(np.array(y))


@pytest.mark.parametrize(
    ("learnt", "loss", "outputs", "y", "message"),
    [
        ([0, 1], SOFTMAX, 3, [[1, 0]], r"y must be \(samples, 3\), one column per output"),
        ([0, 1], SOFTMAX, 3, [[0], [2]], r"got \(2, 1\): labels\? pass y\[:, 0\]"),
        ([[1.0, 2.0]], SQUARED, 2, [1.0, 2.0], r"y must be \(samples, 2\), .* got \(2,\)"),
        ([[1.0, 2.0]], SQUARED, 2, [[[1.0, 2.0]]], r"got \(1, 1, 2\)"),
    ],
)
def test_targets_of_another_shape_are_refused(
    learnt: Any, loss: cr.Loss, outputs: int, y: Any, message: str
) -> None:
    with pytest.raises(cr.ShapeError, match=message):
        Targets.learn(learnt, loss, outputs).encode(np.array(y))


@pytest.mark.parametrize(
    ("y", "loss", "outputs", "message"),
    [
        (["a", "b", "c"], SOFTMAX, 2, "the network has 2 outputs, but y has 3: a, b, c"),
        (["a"], SOFTMAX, 2, "the network has 2 outputs, but y has 1: a"),
        (["a", "b", "c"], SIGMOID, 1, "a yes/no loss has 2 classes, but y has 3"),
    ],
)
def test_classes_and_outputs_must_be_as_many(
    y: Any, loss: cr.Loss, outputs: int, message: str
) -> None:
    with pytest.raises(cr.DataError, match=message):
        Targets.learn(y, loss, outputs)


@pytest.mark.parametrize("y", [["b", "a"], [0, 1], [[1.0, 0.0]]])
def test_targets_survive_their_configuration(y: Any) -> None:
    targets = Targets.learn(y, SOFTMAX, 2)
    assert Targets.from_config(targets.to_config()) == targets
    with pytest.raises(cr.ConfigurationError, match="unknown kind of targets 'odd'"):
        Targets.from_config(targets.to_config() | {"kind": "odd"})
