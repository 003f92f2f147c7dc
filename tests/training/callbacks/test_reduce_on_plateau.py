from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from small import classification, classifier, same_bits

X, Y = classification()


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_plateau_makes_the_steps_smaller(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")

    def fit(model: cr.Model, epochs: int, **options: Any) -> cr.Model:
        model.fit(X, Y, epochs, 8, verbose=0, engine=engine, **options)
        return model

    plateau = cr.ReduceOnPlateau("loss", factor=0.25, patience=2, min_delta=100)
    model = fit(classifier(optimizer=cr.SGD(0.5, momentum=0.9)), 3, callbacks=[plateau])
    assert model.state.factor == 0.25
    fit(model, 1)  # the state keeps it
    by_hand = fit(classifier(optimizer=cr.SGD(0.5, momentum=0.9)), 3)
    by_hand.optimizer = cr.SGD(0.125, momentum=0.9)
    assert same_bits(model, fit(by_hand, 1))


def test_a_schedule_is_multiplied_too() -> None:
    plateau = cr.ReduceOnPlateau("loss", factor=0.5, patience=1, min_delta=100)
    one = classifier(optimizer=cr.SGD(lambda step: 0.1 / (1 + step)))
    one.fit(X, Y, 4, None, callbacks=[plateau], verbose=0, engine="numpy")
    rates = [0.1 / (1 + step) * factor for step, factor in enumerate([1, 1, 0.5, 0.25])]
    other = classifier(optimizer=cr.SGD(lambda step: rates[step]))
    other.fit(X, Y, 4, None, verbose=0, engine="numpy")
    for name, p in one.parameters.items():
        np.testing.assert_allclose(p, other.parameters[name], rtol=1e-6)


def test_there_is_a_smallest_rate() -> None:
    plateau = cr.ReduceOnPlateau("loss", factor=0.1, patience=1, min_delta=100, smallest=0.05)
    model = classifier()
    model.fit(X, Y, 6, callbacks=[plateau], verbose=0, engine="numpy")
    assert model.state.factor == 0.05


@pytest.mark.parametrize("options", [{"factor": 1.0}, {"factor": 0}, {"patience": 0}], ids=str)
def test_options_are_checked(options: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match=r"ReduceOnPlateau: .* must be"):
        cr.ReduceOnPlateau(**options)
