from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.training import Training
from chainrule.training.callbacks.monitor import Monitor
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


class Scripted(cr.Callback):
    """Puts given values where the validation's would be."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def on_epoch(self, training: Training) -> None:
        training.values["mine"] = self.values[training.epoch - training.first - 1]


def weights_after(epochs: int) -> cr.Model:
    model = classifier()
    model.fit(X, Y, epochs, 8, **QUIET)
    return model


@pytest.mark.parametrize(
    ("values", "mode", "min_delta", "best", "ran"),
    [
        ([3, 2, 4, 5, 1, 1], "min", 0.0, 2, 4),
        ([3, 2, 4, 1, 5, 5, 5], "min", 0.0, 4, 6),
        ([3, 4, 2, 1, 5], "max", 0.0, 2, 4),
        ([3, 2.95, 2.91, 1, 1], "min", 0.1, 1, 3),
        ([3, float("nan"), float("nan"), 1], "min", 0.0, 1, 3),
        ([3, 2, 1, 0.5], "min", 0.0, 4, 4),  # all of them done
    ],
)
def test_it_waits_and_goes_back_to_the_best(
    values: list[float], mode: Any, min_delta: float, best: int, ran: int
) -> None:
    stopping = cr.EarlyStopping("mine", patience=2, min_delta=min_delta, mode=mode)
    model = classifier()
    history = model.fit(X, Y, len(values), 8, callbacks=[Scripted(*values), stopping], **QUIET)
    assert (stopping.best_epoch, history.epochs) == (best, ran)
    assert same_bits(model, weights_after(best))
    if ran < len(values):
        assert history.stopped == (
            f"mine has not improved for 2 epochs; the weights are those of epoch {best}"
        )
    else:
        assert history.stopped is None


def test_the_last_weights_stay_when_asked() -> None:
    stopping = cr.EarlyStopping("mine", patience=2, mode="min", restore_best=False)
    model = classifier()
    model.fit(X, Y, 9, 8, callbacks=[Scripted(1, 2, 3, 4), stopping], **QUIET)
    assert same_bits(model, weights_after(3))


def test_the_best_weights_survive_a_divergence_and_an_interruption() -> None:
    class Interrupt(cr.Callback):
        def on_chunk(self, training: Training) -> None:
            if training.epoch == 3:
                raise KeyboardInterrupt

    stopping = cr.EarlyStopping("mine", patience=9, mode="min")
    model = classifier()
    model.fit(X, Y, 9, 8, callbacks=[Scripted(3, 1, 2), stopping, Interrupt()], **QUIET)
    assert same_bits(model, weights_after(2))


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_on_either_engine(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    stopping = cr.EarlyStopping("validation_accuracy", patience=1)
    model = classifier(optimizer=cr.SGD(1e-9))
    model.fit(
        X, Y, 9, 8, callbacks=[stopping], validation_data=(X, Y), verbose=0, engine=engine
    )  # fmt: skip
    assert (stopping.best_epoch, model.history.epochs) == (1, 2)
    accuracy = model.evaluate(X, Y)["accuracy"]
    assert accuracy == pytest.approx(model.history["validation_accuracy"][0])


def test_an_average_goes_back_too() -> None:
    def fit(epochs: int, *callbacks: cr.Callback) -> cr.Model:
        model = classifier(optimizer=cr.Averaged(cr.Adam(0.05), decay=0.5))
        model.fit(X, Y, epochs, 8, callbacks=callbacks, **QUIET)
        return model

    stopping = cr.EarlyStopping("mine", patience=2, mode="min")
    stopped = fit(9, Scripted(3, 1, 2, 3), stopping)
    np.testing.assert_array_equal(stopped.outputs(X), fit(2).outputs(X))


def test_it_can_be_used_again() -> None:
    stopping, model = cr.EarlyStopping("mine", patience=1, mode="min"), classifier()
    model.fit(X, Y, 3, 8, callbacks=[Scripted(1, 2, 3), stopping], **QUIET)
    model.fit(X, Y, 3, 8, callbacks=[Scripted(9, 8, 7), stopping], **QUIET)
    assert stopping.best_epoch == model.history.epochs == 5


def test_a_curve_that_is_not_there_is_named() -> None:
    with pytest.raises(cr.ConfigurationError, match=r'"validation_loss".*give fit validation_data'):
        classifier().fit(X, Y, 3, callbacks=[cr.EarlyStopping()], **QUIET)
    with pytest.raises(cr.ConfigurationError, match='did you mean "accuracy"'):
        classifier().fit(X, Y, 3, callbacks=[cr.EarlyStopping("acuracy")], **QUIET)


@pytest.mark.parametrize(
    ("name", "rising"),
    [("loss", False), ("validation_loss", False), ("validation_mean_absolute_error", False),
     ("accuracy", True), ("validation_f1", True), ("r2", True)],
)  # fmt: skip
def test_which_way_is_better(name: str, rising: bool) -> None:
    monitor = Monitor(name)
    assert monitor.improves(1.0)
    assert monitor.improves(2.0) == rising
    assert not monitor.improves(np.nan)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"patience": 0}, "patience must be at least 1, got 0"),
        ({"min_delta": -1}, "min_delta must be 0 or more"),
        ({"mode": "up"}, 'mode must be "auto", "min" or "max"'),
    ],
)
def test_options_are_checked(options: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        cr.EarlyStopping(**options)


def test_something_else_is_no_callback() -> None:
    with pytest.raises(cr.ConfigurationError, match=r"did you mean EarlyStopping\(\)\?"):
        classifier().fit(X, Y, callbacks=[cr.EarlyStopping], **QUIET)  # type: ignore[list-item]
