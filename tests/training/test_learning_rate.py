from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, same_bits

X, Y = classification(60)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("optimizer", [cr.SGD(0.1), cr.Adam(0.01)], ids=repr)
def test_rates_rise_until_the_loss_blows_up(engine: str, optimizer: Any) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    model = classifier(optimizer=optimizer, input_shape=(4,))
    untouched = classifier(optimizer=optimizer, input_shape=(4,))
    found = cr.find_learning_rate(
        model, X, Y, low=1e-5, high=1e4, steps=60, batch_size=10, engine=engine
    )
    assert same_bits(model, untouched)
    assert model.state.step == 0
    assert model.state.factor is None
    assert found.rates[0] == pytest.approx(1e-5)
    np.testing.assert_allclose(np.diff(np.log(found.rates)), np.log(1e9) / 59)
    assert len(found.rates) < 60  # it gave up
    assert 1e-3 < found.suggestion < 10


def test_the_updates_are_those_of_the_rates() -> None:
    model = classifier(optimizer=cr.SGD(0.7), input_shape=(4,))
    found = cr.find_learning_rate(model, X, Y, low=1e-2, high=1e-1, steps=6, batch_size=10)
    by_hand = classifier(
        optimizer=cr.SGD(lambda step: 1e-2 * 10 ** (step / 5)), input_shape=(4,)
    )  # fmt: skip
    losses = [step.loss for step in by_hand.steps(X, Y, 1, 10)]
    np.testing.assert_allclose(found.losses, losses, rtol=1e-5)
    assert found.smooth.min() > min(losses)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 1.0, "high": 0.1}, "rates must rise: 0 < low < high"),
        ({"low": 0}, "rates must rise"),
        ({"steps": 2}, "steps must be at least 3"),
    ],
)
def test_the_range_is_checked(options: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        cr.find_learning_rate(classifier(), X, Y, **options)
