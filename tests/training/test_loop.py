"""The loop from inside: chunks, callbacks, interruption, divergence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import choose
from chainrule.step import Data
from chainrule.training.callbacks import Training, wants_steps
from chainrule.training.loop import walk
from chainrule.training.plan import Pace, Plan
from chainrule.tree import flatten
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


class Diary(cr.Callback):
    """Writes down every hook with where the training is."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []

    def on_start(self, training: Training) -> None:
        self.lines.append(("start", training.epoch))

    def on_step(self, training: Training) -> None:
        self.lines.append(("step", training.epoch, training.step, training.position))

    def on_epoch(self, training: Training) -> None:
        self.lines.append(("epoch", training.epoch, sorted(training.values)))

    def on_end(self, training: Training) -> None:
        self.lines.append(("end", training.epoch))


class At(cr.Callback):
    """Does something after a given number of updates."""

    def __init__(self, step: int, action: Any) -> None:
        self.step, self.action = step, action

    def on_step(self, training: Training) -> None:
        if training.step == self.step:
            self.action(training)


def interrupt(training: Training) -> None:
    raise KeyboardInterrupt


def fail(training: Training) -> None:
    raise RuntimeError("the callback's own")


@pytest.mark.parametrize("length", [1, 2, 3, 1000])
def test_chunks_of_any_length_give_the_same_bits(length: int) -> None:
    model = classifier(input_shape=(4,))
    data, plan = Data(X, Y.astype(np.int32)), Plan(30, 7, seed=0)
    run = choose("numpy").engine.bind(model.task, data)
    blocks = list(plan.blocks(0))
    chunks = list(walk(run, run.start(model.state, blocks), plan, range(3), Pace(fixed=length)))
    assert sum(len(chunk.indices) for chunk in chunks) == 15
    assert max(len(chunk.indices) for chunk in chunks) == min(length, 4)
    fitted = classifier()
    fitted.fit(X, Y, 3, 7, **QUIET)
    for name, p in flatten(chunks[-1].after.params).items():
        np.testing.assert_array_equal(p, fitted.parameters[name])
    assert chunks[-1].after.step == 15


def test_looking_after_every_step_changes_nothing() -> None:
    watched, plain, stepped = classifier(), classifier(), classifier()
    watched.fit(X, Y, 3, 7, callbacks=[Diary()], **QUIET)
    plain.fit(X, Y, 3, 7, **QUIET)
    for _ in stepped.steps(X, Y, 3, 7):
        pass
    assert same_bits(watched, plain)
    assert same_bits(stepped, plain)
    np.testing.assert_allclose(watched.history["loss"], plain.history["loss"], rtol=1e-12)


def test_hooks_come_in_order() -> None:
    diary, model = Diary(), classifier()
    model.fit(X, Y, 2, 20, callbacks=[diary], validation_split=0.1, **QUIET)
    values = ["accuracy", "loss", "validation_accuracy", "validation_loss"]
    assert diary.lines == [
        ("start", 0),
        ("step", 0, 1, 20),
        ("step", 0, 2, 27),
        ("epoch", 1, values),
        ("step", 1, 3, 20),
        ("step", 1, 4, 27),
        ("epoch", 2, values),
        ("end", 2),
    ]
    diary.lines.clear()
    model.fit(X, Y, 1, None, callbacks=[diary], **QUIET)
    assert [line[:2] for line in diary.lines] == [
        ("start", 2),
        ("step", 2),
        ("epoch", 3),
        ("end", 3),
    ]


def test_only_a_callback_that_asks_for_steps_slows_them_to_single_ones() -> None:
    class ByEpoch(cr.Callback):
        def on_epoch(self, training: Training) -> None:
            pass

    assert wants_steps([ByEpoch(), Diary()])
    assert not wants_steps([ByEpoch(), cr.Callback()])


def test_a_callback_sees_the_model_as_it_is_then() -> None:
    seen: list[Any] = []
    model = classifier()
    look = At(2, lambda training: seen.append(dict(training.model.parameters)))
    model.fit(X, Y, 2, 10, callbacks=[look], **QUIET)
    after_two = list(classifier().steps(X, Y, 1, 10))[1].parameters
    for name, p in seen[0].items():
        np.testing.assert_array_equal(p, after_two[name])


def test_a_callback_can_stop_the_training() -> None:
    class Enough(cr.Callback):
        def on_epoch(self, training: Training) -> None:
            if training.epoch == 2:
                training.stop("enough")

    model = classifier()
    history = model.fit(X, Y, 10, 8, callbacks=[Enough()], **QUIET)
    assert history.epochs == 2
    assert history.stopped == "enough"
    assert model.fit(X, Y, 1, 8, **QUIET).stopped is None


def test_ctrl_c_keeps_the_weights_and_the_history() -> None:
    diary, model = Diary(), classifier()
    history = model.fit(X, Y, 10, 10, callbacks=[diary, At(5, interrupt)], **QUIET)
    assert history.stopped == "interrupted in epoch 2; the weights are kept"
    assert history.epochs == len(history["loss"]) == 1
    assert diary.lines[-1][0] == "end"
    after_five = list(classifier().steps(X, Y, 2, 10))[4].parameters
    for name, p in model.parameters.items():
        np.testing.assert_array_equal(p, after_five[name])
    assert model.predict(X).shape == (30,)
    assert model.fit(X, Y, 1, 10, **QUIET).epochs == 2


def test_a_callbacks_own_error_comes_through_and_keeps_the_weights_too() -> None:
    diary, model = Diary(), classifier()
    with pytest.raises(RuntimeError, match="the callback's own"):
        model.fit(X, Y, 10, 10, callbacks=[At(2, fail), diary], **QUIET)
    assert diary.lines[-1][0] == "end"
    assert model.state.step == 2


@pytest.mark.parametrize("watched", [False, True])
def test_divergence_names_step_and_layer_and_keeps_finite_weights(watched: bool) -> None:
    x = np.tile(X, (4, 1)) * 100
    network = cr.Sequential(cr.Dense(6), cr.Sequential(cr.ReLU(), cr.Dense(6)), cr.Dense(1))
    model = cr.Model(network, cr.SquaredError(), cr.SGD(10.0))
    diary = Diary()
    callbacks = [diary] if watched else []
    with pytest.raises(cr.DivergenceError) as caught:
        model.fit(x, x[:, 0], 5, 4, callbacks=callbacks, **QUIET)
    message = str(caught.value)
    assert "the loss became" in message
    assert "in epoch 1, at step " in message
    assert "Dense(" in message
    assert "put Scale(0.005) first, or lower the learning rate" in message
    assert all(np.isfinite(p).all() for p in model.parameters.values())
    if watched:
        assert diary.lines[-1][0] == "end"


def test_an_infinite_update_after_a_finite_loss_is_not_kept() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(3e38), input_shape=(4,))
    with pytest.raises(cr.DivergenceError, match="at step 2"):
        model.fit(X, X[:, 0], 3, None, **QUIET)
    assert all(np.isfinite(p).all() for p in model.parameters.values())


def test_steps_say_so_too() -> None:
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(3e38))
    with pytest.raises(cr.DivergenceError, match="in epoch 2, at step 2"):
        list(model.steps(X, X[:, 0], 3, None))
