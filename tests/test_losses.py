from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import locked
from chainrule.description import from_config, to_config
from example_losses import CASES, LOSSES, Example
from gradient_check import check_loss, compare, complex_step

every_loss = pytest.mark.parametrize("example", LOSSES, ids=str)
every_case = pytest.mark.parametrize(("example", "kind"), CASES, ids=lambda value: str(value))
both_precisions = pytest.mark.parametrize("dtype", ["float32", "float64"])

WEIGHTS = locked(np.array([0.1, 0.4, 0.2, 0.0, 0.3]))


def test_every_exported_loss_has_a_row_with_both_reductions() -> None:
    classes = {c for c in vars(cr).values() if isinstance(c, type) and issubclass(c, cr.Loss)}
    rows = {(type(example.loss), example.loss.reduction) for example in LOSSES}
    named = classes - {cr.Loss, cr.CustomLoss}  # a custom loss is its functions
    assert rows == {(c, r) for c in named for r in ("mean", "sum")}


@every_case
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["alike", "weighted"])
def test_dZ_is_the_derivative(example: Example, kind: str, weights: Any) -> None:
    Z, targets = example.outputs(), example.targets()[kind]
    check_loss(example.loss, Z, targets, weights)
    if example.analytic:
        check_loss(example.loss, Z, targets, weights, complex_step, 1e-12)


@every_case
def test_pytorch_computes_the_same(example: Example, kind: str) -> None:
    torch = pytest.importorskip("torch")
    Z, targets = example.outputs(), example.targets()[kind]
    Y = np.eye(3)[targets] if targets.ndim == 1 else targets
    inputs = torch.tensor(Z, requires_grad=True)
    L = example.oracle(torch, inputs, torch.tensor(Y))
    J = L.mean() if example.loss.reduction == "mean" else L.sum()
    J.backward()
    value, dZ = example.loss(Z, targets)
    assert value == pytest.approx(J.item(), rel=1e-12)
    compare("dZ", inputs.grad.numpy(), dZ, 1e-12)


@every_case
@both_precisions
def test_nothing_is_written_to_and_the_dtype_stays(example: Example, kind: str, dtype: str) -> None:
    Z, targets = locked(example.outputs(dtype=dtype)), locked(example.targets(dtype=dtype)[kind])
    for weights in (None, locked(WEIGHTS.astype(dtype))):
        value, dZ = example.loss(Z, targets, weights)
        assert value.shape == ()
        assert dZ.shape == Z.shape
        assert value.dtype == dZ.dtype == np.dtype(dtype)
    assert example.loss.predictions(Z).dtype == np.dtype(dtype)


@every_case
def test_shards_add_up_to_the_whole_batch(example: Example, kind: str) -> None:
    Z, targets = example.outputs(), example.targets()[kind]
    weights = example.loss.sample_weights(None, 5, Z.dtype)
    whole, dZ = example.loss(Z, targets)
    shards = [slice(0, 2), slice(2, 3), slice(3, 5)]
    parts = [example.loss(Z[s], targets[s], weights[s]) for s in shards]
    assert sum(value for value, _ in parts) == pytest.approx(whole, rel=1e-14)
    np.testing.assert_allclose(np.concatenate([d for _, d in parts]), dZ, rtol=1e-14)


@every_loss
def test_weights_sum_to_one_or_stay_as_given(example: Example) -> None:
    loss = example.loss
    if loss.reduction == "sum":
        np.testing.assert_array_equal(loss.sample_weights(None, 3, np.float64), [1, 1, 1])
        np.testing.assert_array_equal(loss.sample_weights(np.array([1, 2, 5]), 3, "f8"), [1, 2, 5])
    else:
        np.testing.assert_allclose(loss.sample_weights(None, 4, np.float64), [0.25] * 4)
        np.testing.assert_allclose(
            loss.sample_weights(np.array([1, 2, 5]), 3, "f8"), [0.125, 0.25, 0.625]
        )


@every_loss
def test_a_batch_that_no_sample_counts_in_weighs_nothing(example: Example) -> None:
    weights = example.loss.sample_weights(np.zeros(3), 3, np.float32)
    np.testing.assert_array_equal(weights, np.zeros(3))


@every_loss
def test_a_weight_of_two_is_the_sample_twice(example: Example) -> None:
    loss, Z = example.loss, example.outputs()
    Y = next(iter(example.targets().values()))
    twice = np.array([0, 1, 1, 2, 3, 4])
    weights = loss.sample_weights(np.array([1, 2, 1, 1, 1]), 5, Z.dtype)
    assert loss(Z, Y, weights)[0] == pytest.approx(loss(Z[twice], Y[twice])[0], rel=1e-14)


@both_precisions
@pytest.mark.parametrize("loss", [cr.SigmoidCrossEntropy(), cr.SoftmaxCrossEntropy()], ids=repr)
@pytest.mark.parametrize("size", [50.0, 1e4, 1e38])
def test_logits_of_any_size_are_finite(loss: cr.Loss, size: float, dtype: str) -> None:
    Z = np.array([[size, -size], [-size, size], [size, size], [0, -size]], dtype)
    hot = np.array([[0, 1], [0, 1], [1, 0], [1, 0]], dtype)
    value, dZ = loss(Z, hot)
    assert np.isfinite(value)
    assert np.isfinite(dZ).all()
    assert abs(dZ).max() <= 0.25
    expected = [2 * size, 0, np.log(2), 0] if loss.task == "classes" else None
    if expected:
        np.testing.assert_allclose(loss.per_sample(Z, hot)[0], expected, rtol=1e-6)


@both_precisions
@pytest.mark.parametrize("loss", [cr.BinaryCrossEntropy(), cr.CrossEntropy()], ids=repr)
def test_certain_probabilities_are_finite_right_or_wrong(loss: cr.Loss, dtype: str) -> None:
    A = np.array([[0, 1], [1, 0]], dtype)
    for targets in (A, A[::-1]):
        value, dA = loss(A, targets)
        assert np.isfinite(value)
        assert np.isfinite(dA).all()
    assert loss(A, A)[0] == pytest.approx(0, abs=1e-5)
    assert loss(A, A[::-1])[0] > 10


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(
    ("activation", "pair", "fused"),
    [
        (cr.Sigmoid(), cr.BinaryCrossEntropy, cr.SigmoidCrossEntropy),
        (cr.Softmax(), cr.CrossEntropy, cr.SoftmaxCrossEntropy),
    ],
    ids=["sigmoid", "softmax"],
)
def test_the_fused_loss_is_the_chain_of_the_two_derivatives(
    activation: cr.Layer, pair: Any, fused: Any, reduction: str
) -> None:
    on_logits, on_probabilities = fused(reduction=reduction), pair(reduction=reduction)
    example = next(e for e in LOSSES if type(e.loss) is fused)
    Z = example.outputs()
    for targets in example.targets().values():
        A, cache = activation.forward({}, Z)
        value, dA = on_probabilities(A, targets)
        chained = activation.backward({}, cache, dA)[0]
        fused_value, dZ = on_logits(Z, targets)
        assert fused_value == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(dZ, chained, rtol=1e-11, atol=1e-15)
        np.testing.assert_allclose(on_logits.predictions(Z), A, rtol=1e-14)


def test_the_three_scales_differ_by_their_factor_alone() -> None:
    Z, Y = np.array([[1.0, 4.0], [0.0, 2.0]]), np.array([[0.0, 2.0], [0.0, 1.0]])
    values = {s: cr.SquaredError(s)(Z, Y)[0] for s in ("half", "sum", "mean")}
    assert values == {"half": 1.5, "sum": 3.0, "mean": 1.5}
    sums = {s: cr.SquaredError(s, reduction="sum")(Z, Y)[0] for s in ("half", "sum", "mean")}
    assert sums == {"half": 3.0, "sum": 6.0, "mean": 3.0}
    assert cr.SquaredError("mean")(Z, Y)[0] == ((Z - Y) ** 2).mean()


def test_a_flat_target_of_one_output_is_its_column_never_a_label() -> None:
    Z = np.array([[1.0], [2.0], [0.0]])
    for loss in (cr.SquaredError(), cr.SigmoidCrossEntropy()):
        y = np.array([0.0, 1.0, 1.0])
        value, dZ = loss(Z, y)
        expected, expected_dZ = loss(Z, y[:, None])
        assert value == expected
        np.testing.assert_array_equal(dZ, expected_dZ)


@pytest.mark.parametrize("y", [np.array([[1, 0], [0, 1]], bool), np.array([[1, 0], [0, 1]], "u1")])
def test_targets_of_any_numeric_type_are_taken_in_the_outputs_type(y: Any) -> None:
    for example in LOSSES:
        Z = example.outputs(2, "float32")[:, :2]
        value, dZ = example.loss(Z, y)
        assert dZ.dtype == np.float32
        assert value == example.loss(Z, y.astype("f4"))[0]


@every_loss
@pytest.mark.parametrize("targets", [np.zeros((5, 2)), np.zeros((4, 3)), np.zeros(4, int)])
def test_targets_that_do_not_fit_are_refused(example: Example, targets: Any) -> None:
    with pytest.raises(cr.ShapeError, match=r"expected targets of shape \(5, 3\), got"):
        example.loss(example.outputs(), targets)


def test_numbers_that_are_no_labels_are_refused() -> None:
    with pytest.raises(cr.ShapeError, match=r"SquaredError\(\) expected targets of shape \(3, 2\)"):
        cr.SquaredError()(np.zeros((3, 2)), np.array([0.5, 1.5, 2.5]))


@pytest.mark.parametrize("option", [{"reduction": "average"}, {"scale": "double"}])
def test_an_unknown_option_is_refused(option: dict[str, str]) -> None:
    (name, value), *_ = option.items()
    with pytest.raises(cr.ConfigurationError, match=f"{name} must be .* got '{value}'"):
        cr.SquaredError(**option)  # type: ignore[arg-type]


@every_loss
def test_a_loss_survives_its_repr_and_its_configuration(example: Example) -> None:
    assert eval(repr(example.loss), dict(vars(cr))) == example.loss
    assert from_config(to_config(example.loss), cr.Loss) == example.loss


def quartic(**options: Any) -> cr.CustomLoss:
    return cr.CustomLoss(
        lambda Z, Y: ((Z - Y) ** 4).sum(axis=1), lambda Z, Y: 4 * (Z - Y) ** 3, **options
    )


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_from_two_functions_is_a_loss_all_round(reduction: str) -> None:
    loss = quartic(reduction=reduction)
    Z, Y = np.random.default_rng(1).normal(size=(2, 5, 3))
    for weights in (None, WEIGHTS):
        check_loss(loss, Z, Y, weights, complex_step, 1e-12)
    assert loss.task == "regression"
    assert quartic(targets="classes").task == "classes"


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_model_trains_on_a_loss_from_two_functions(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    x = np.random.default_rng(0).normal(size=(60, 2))
    model = cr.Model(cr.Dense(1), quartic(), cr.SGD(0.02))
    history = model.fit(x, x.sum(axis=1), epochs=40, engine=engine, verbose=0)
    assert history["loss"][-1] < history["loss"][0] / 10


def test_a_loss_from_two_functions_cannot_be_stored_and_says_what_to_do() -> None:
    with pytest.raises(cr.ConfigurationError, match="write a class of your own instead"):
        to_config(quartic())
    with pytest.raises(cr.ConfigurationError, match=r"function must be a function of \(Z, Y\)"):
        cr.CustomLoss(3, 4)  # type: ignore[arg-type]
    with pytest.raises(cr.ConfigurationError, match="targets must be"):
        quartic(targets="numbers")


def test_far_errors_are_finite() -> None:
    Z, Y = np.array([[1e4, -1e4]], "f4"), np.zeros((1, 2), "f4")
    for loss in (cr.LogCosh(), cr.Huber(), cr.AbsoluteError()):
        value, dZ = loss(Z, Y)
        assert value == pytest.approx(2e4 if type(loss) is not cr.AbsoluteError else 1e4, 1e-3)
        np.testing.assert_array_equal(np.sign(dZ), [[1, -1]])


def test_smoothing_one_hot_targets_is_the_published_target() -> None:
    Z = np.random.default_rng(0).normal(size=(4, 5))
    labels = np.array([0, 1, 2, 4])
    target = 0.9 * np.eye(5)[labels] + 0.1 / 5
    value, dZ = cr.SoftmaxCrossEntropy(0.1)(Z, labels)
    expected, expected_dZ = cr.SoftmaxCrossEntropy()(Z, target)
    assert value == pytest.approx(expected, rel=1e-14)
    np.testing.assert_allclose(dZ, expected_dZ, atol=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.Huber(0), "Huber: delta must be above 0, got 0"),
        (lambda: cr.SoftmaxCrossEntropy(1.0), r"smoothing must be in \[0, 1\), got 1.0"),
    ],
)
def test_values_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        make()


def test_counts_are_predicted_as_counts() -> None:
    x = np.random.default_rng(0).normal(size=(400, 1))
    y = np.random.default_rng(1).poisson(np.exp(0.5 * x[:, 0] + 1))
    model = cr.Model(cr.Dense(1), cr.Poisson(), cr.Adam(0.05))
    model.fit(x, y.astype(float), epochs=30, verbose=0)
    np.testing.assert_allclose(model.parameters["W"], [[0.5]], atol=0.1)
    np.testing.assert_allclose(model.predict(np.zeros((1, 1))), [np.e], rtol=0.15)
