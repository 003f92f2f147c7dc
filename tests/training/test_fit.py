"""`fit`, seen from outside: what is trained, on what, and the same seed means the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, regression, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


def fitted(epochs: int = 3, batch_size: int | None = 8, seed: int = 0, **options: Any) -> cr.Model:
    model = classifier(seed=seed)
    model.fit(X, Y, epochs, batch_size, **QUIET, **options)
    return model


def test_the_same_seed_means_the_same_bits() -> None:
    one, other = fitted(seed=4), fitted(seed=4)
    assert same_bits(one, other)
    assert one.history.curves == other.history.curves
    assert not same_bits(one, fitted(seed=5))


def test_the_global_state_of_numpy_is_neither_read_nor_written() -> None:
    np.random.seed(1)
    before = np.random.get_state()
    one = fitted(validation_split=0.2)
    after = np.random.get_state()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    np.random.seed(2)
    assert same_bits(one, fitted(validation_split=0.2))


def test_no_input_is_written_to() -> None:
    x, y, w = X.copy(), Y.copy(), np.ones(len(X))
    for array in (x, y, w):
        array.flags.writeable = False
    classifier().fit(x, y, sample_weight=w, validation_split=0.2, **QUIET)


@pytest.mark.parametrize("batch_size", [None, 30, 100, 7, 1])
def test_full_batch_minibatch_and_single_samples_all_learn(batch_size: int | None) -> None:
    model = fitted(epochs=40, batch_size=batch_size)
    assert model.history["loss"][-1] < 0.6 * model.history["loss"][0]
    assert model.evaluate(X, Y)["accuracy"] > 0.8
    assert model.state.step == 40 * -(-30 // min(batch_size or 30, 30))


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_at_least_one_sample(batch_size: int) -> None:
    with pytest.raises(
        cr.ConfigurationError, match=f"batch_size must be at least 1, got {batch_size}"
    ):
        fitted(batch_size=batch_size)


def test_one_full_batch_step_of_plain_descent_is_the_board() -> None:
    x, y = regression()
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.1), dtype="float64", input_shape=(3,))
    before = dict(model.parameters)
    gradients = model.gradients(x, y)
    model.fit(x, y, 1, None, shuffle=False, **QUIET)
    for name, p in model.parameters.items():
        np.testing.assert_allclose(p, before[name] - 0.1 * gradients[name], rtol=1e-14)


def test_training_can_go_on_where_it_ended() -> None:
    whole, parts = fitted(epochs=4), fitted(epochs=3)
    parts.fit(X, Y, 1, 8, **QUIET)
    assert same_bits(whole, parts)
    assert whole.history.curves == parts.history.curves
    assert parts.history.epochs == 4


def test_no_epoch_trains_nothing() -> None:
    assert same_bits(fitted(epochs=0), classifier(input_shape=(4,)))
    with pytest.raises(cr.ConfigurationError, match="epochs must be 0 or more, got -1"):
        fitted(epochs=-1)


def test_samples_are_shuffled_unless_asked_not_to() -> None:
    def orders(**options: Any) -> list[list[int]]:
        steps = classifier().steps(X, Y, 2, None, **options)
        return [step.indices.tolist() for step in steps]

    first, second = orders()
    assert sorted(first) == sorted(second) == list(range(30))
    assert first != second != list(range(30))
    assert orders(shuffle=False) == [list(range(30))] * 2


@pytest.mark.parametrize("batch_size", [None, 6])
def test_a_weight_of_two_is_the_sample_twice(batch_size: int | None) -> None:
    x, y = X[:6].astype("float64"), Y[:6]
    twice = np.array([0, 1, 1, 2, 3, 4, 5, 5])
    weighted, doubled = classifier(dtype="float64"), classifier(dtype="float64")
    weighted.fit(x, y, 5, batch_size, sample_weight=[1, 2, 1, 1, 1, 2], **QUIET)
    doubled.fit(x[twice], y[twice], 5, None, **QUIET)
    for name, p in weighted.parameters.items():
        np.testing.assert_allclose(p, doubled.parameters[name], rtol=1e-9)
    np.testing.assert_allclose(weighted.history["loss"], doubled.history["loss"], rtol=1e-9)


def test_samples_of_weight_zero_are_not_there_even_alone_in_a_minibatch() -> None:
    weights = np.zeros(30)
    weights[:3] = 1
    model = classifier(optimizer=cr.SGD(0.1))
    model.fit(X, Y, 3, 2, sample_weight=weights, **QUIET)
    poisoned = classifier(optimizer=cr.SGD(0.1))
    other = np.where(np.arange(30) < 3, Y, (Y + 1) % 3)
    poisoned.fit(X, other, 3, 2, sample_weight=weights, **QUIET)
    assert same_bits(model, poisoned)


def test_validation_data_is_only_looked_at() -> None:
    plain, watched = fitted(), fitted(validation_data=(X[:9], Y[:9]))
    assert same_bits(plain, watched)
    last = watched.evaluate(X[:9], Y[:9])
    assert watched.history["validation_loss"][-1] == last["loss"]
    assert watched.history["validation_accuracy"][-1] == last["accuracy"]
    assert list(plain.history) == ["loss", "accuracy"]


def test_a_validation_split_holds_its_share_out() -> None:
    model = fitted(validation_split=0.2)
    assert model.state.step == 3 * 3  # 24 samples in minibatches of 8
    assert len(model.history["validation_loss"]) == 3
    assert same_bits(model, fitted(validation_split=0.2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validation_split": 1.0}, "validation_split must be between 0 and 1, got 1.0"),
        ({"validation_split": -0.1}, "validation_split must be between 0 and 1"),
        ({"validation_split": 0.001}, "leaves an empty part"),
        ({"validation_data": (X[:, :3], Y)}, r"validation x must be \(samples, 4\)"),
        ({"validation_data": (X, Y[:3])}, "validation y must have one entry per sample"),
        ({"validation_data": (X, Y + 5)}, r"validation y\[0\] = \d is out of range"),
        ({"sample_weight": [1, 2]}, "sample_weight must have one entry per sample"),
        ({"sample_weight": -np.ones(30)}, "sample_weight must be 0 or more"),
    ],
)
def test_options_of_a_training_are_checked_before_it(options: Any, message: str) -> None:
    model = classifier(input_shape=(4,))
    with pytest.raises(cr.ChainruleError, match=message):
        model.fit(X, Y, **QUIET, **options)
    assert same_bits(model, classifier(input_shape=(4,)))
    assert model.history.epochs == 0


@pytest.mark.parametrize(
    ("patterns", "fixed"),
    [(["*.W"], {"0.b", "2.b"}), (["2.*"], {"0.W", "0.b"}), (["0.W", "2.b"], {"0.b", "2.W"})],
)
def test_what_is_not_trainable_keeps_its_bits(patterns: list[str], fixed: set[str]) -> None:
    model, before = classifier(trainable=patterns), classifier(input_shape=(4,)).parameters
    model.fit(X, Y, 2, 8, **QUIET)
    unchanged = {n for n, p in model.parameters.items() if np.array_equal(p, before[n])}
    assert unchanged == fixed


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "bool", "float64", "int8"])
def test_any_numeric_dtype_trains_as_its_float32(dtype: str) -> None:
    x = (X > 0).astype(dtype)
    one, other = classifier(), classifier()
    one.fit(x, Y, 2, 8, validation_split=0.2, **QUIET)
    other.fit(x.astype("float32"), Y, 2, 8, validation_split=0.2, **QUIET)
    assert same_bits(one, other)
    np.testing.assert_array_equal(one.predict(x), other.predict(x))


def test_pixels_of_a_byte_train_through_scale() -> None:
    images = np.full((12, 3, 3), 30, np.uint8)
    images[1::2, 1] = 250  # a bright middle row
    network = cr.Sequential(cr.Scale(1 / 255), cr.Flatten(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.05))
    model.fit(images, np.arange(12) % 2, 60, 4, **QUIET)
    assert model.evaluate(images, np.arange(12) % 2)["accuracy"] == 1
    assert model.parameters["2.W"].shape == (9, 2)


def test_words_are_learnt_and_answered() -> None:
    words = np.array(["cat", "dog", "owl"])[Y]
    model = classifier()
    model.fit(X, words, 40, 8, **QUIET)
    assert set(model.predict(X)) <= {"cat", "dog", "owl"}
    assert (model.predict(X) == words).mean() == model.evaluate(X, words)["accuracy"] > 0.8
    numbers = classifier()
    numbers.fit(X, Y, 40, 8, **QUIET)
    assert same_bits(model, numbers)


def test_labels_one_hot_rows_and_distributions_mean_the_same() -> None:
    labels, hot = classifier(), classifier()
    labels.fit(X, Y, 3, 8, **QUIET)
    hot.fit(X, np.eye(3)[Y], 3, 8, **QUIET)
    assert same_bits(labels, hot)
    assert labels.history.curves == hot.history.curves


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, Y[:5], "y must have one entry per sample: 30 samples, but y has 5"),
        (X, 1, "y must have one entry per sample: 30 samples, but y is a single one"),
        (X[:0], Y[:0], "x has no samples"),
        ([], [], r"x must be \(samples, features\), got \(0,\)"),
        (X, Y + 1, r"y\[\d+\] = 3 is out of range: .* labels run from 0 to 2"),
        (X, Y - 1, r"y\[\d+\] = -1 is out of range"),
        (X, np.where(Y == 1, np.nan, Y), r"y holds \d+ entries that are not finite"),
        (np.where(X > 1.9, np.nan, X), Y, r"x holds \d+ entries .* the first is x\["),
        (X, np.array(["a", "b", "c", "d", "e"] * 6), "the network has 3 outputs, but y has 5"),
        (X, np.eye(4)[Y], r"y must be \(samples, 3\), one column per output .* got \(30, 4\)"),
        ([[1, 2], [3]], [0, 1], "x must have rows of equal length"),
        (X, [[0], [0, 1]] * 15, "y must have rows of equal length"),
        (X[:, 0], Y, r"x must be \(samples, features\), got \(30,\): one feature\?"),
    ],
)
def test_bad_data_is_refused(x: Any, y: Any, message: str) -> None:
    with pytest.raises(cr.ChainruleError, match=message):
        classifier().fit(x, y, **QUIET)


def test_a_refused_y_leaves_nothing_behind() -> None:
    model = cr.Model(cr.Dense(1), cr.SigmoidCrossEntropy())
    with pytest.raises(cr.ShapeError):
        model.fit(X, np.eye(2)[Y % 2], **QUIET)
    model.fit(X, Y % 2, **QUIET)
    assert model.predict(X).shape == (30,)


def test_a_summed_loss_is_the_sum_over_the_samples_whatever_the_minibatch() -> None:
    curves = []
    for batch_size in (None, 7, 1):
        loss, still = cr.SoftmaxCrossEntropy(reduction="sum"), cr.SGD(1e-9)
        model = classifier(loss=loss, optimizer=still)
        model.fit(X, Y, 1, batch_size, validation_data=(X, Y), **QUIET)
        curves.append([model.history["loss"][0], model.history["validation_loss"][0]])
    np.testing.assert_allclose(curves, curves[0][0], rtol=1e-5)
