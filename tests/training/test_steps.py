from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, same_bits

X, Y = classification()


def test_every_update_can_be_seen() -> None:
    model = classifier(optimizer=cr.SGD(0.1), dtype="float64")
    start = dict(classifier(dtype="float64", input_shape=(4,)).parameters)
    for number, step in enumerate(model.steps(X, Y, epochs=2, batch_size=20), 1):
        assert step.number == number
        assert step.epoch == (number - 1) // 2
        assert len(step.indices) == (20 if number % 2 else 10)
        np.testing.assert_array_equal(step.batch.X, X[step.indices])
        np.testing.assert_array_equal(step.batch.targets, Y[step.indices])
        for name, p in step.parameters.items():
            np.testing.assert_array_equal(step.before[name], start[name])
            np.testing.assert_allclose(p, start[name] - 0.1 * step.gradients[name], rtol=1e-12)
        assert step.gradients["X"].shape == step.batch.X.shape
        np.testing.assert_array_equal(model.parameters["0.W"], step.parameters["0.W"])
        start = step.parameters


def test_the_loss_is_the_one_before_the_update() -> None:
    model = classifier(input_shape=(4,))
    before = model.evaluate(X, Y)["loss"]
    step = next(model.steps(X, Y, batch_size=None))
    assert step.loss == pytest.approx(before, rel=1e-6)


def test_who_stops_walking_keeps_the_steps_taken() -> None:
    model, other = classifier(), classifier()
    for step in model.steps(X, Y, 5, 10):
        if step.number == 4:
            break
    steps = list(other.steps(X, Y, 2, 10))
    np.testing.assert_array_equal(model.parameters["0.W"], steps[3].parameters["0.W"])
    assert model.state.step == 4


def test_walking_is_fitting() -> None:
    walked, fitted = classifier(seed=3), classifier(seed=3)
    assert sum(1 for _ in walked.steps(X, Y, 3, 8)) == 12
    fitted.fit(X, Y, 3, 8, verbose=0, engine="numpy")
    assert same_bits(walked, fitted)
