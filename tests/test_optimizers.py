from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import as_type, away_from_zero, locked
from chainrule.description import from_config, to_config
from chainrule.optimizers.wrapper import Wrapper
from chainrule.tree import flatten
from example_optimizers import OPTIMIZERS, Example

every_optimizer = pytest.mark.parametrize("example", OPTIMIZERS, ids=str)
both_precisions = pytest.mark.parametrize("dtype", ["float32", "float64"])

PARAMS: Any = {
    "0": {"W": away_from_zero((3, 2), seed=1), "b": away_from_zero((2,), seed=2)},
    "1": {},
}


def gradients(params: Any, step: int) -> Any:
    """Return gradients that depend on the parameters and on the step, of very different sizes."""
    sizes = np.array([1e-3, 10.0])
    own = params["0"]
    return {
        "0": {"W": (own["W"] - 0.3 + np.cos(step)) * sizes, "b": own["b"] ** 3 * sizes},
        "1": {},
    }


def walk(optimizer: cr.Optimizer, steps: int, params: Any = PARAMS) -> Any:
    state = optimizer.init(params)
    for step in range(steps):
        params, state = optimizer.update(params, gradients(params, step), state, step)
    return params


def test_every_exported_optimizer_has_a_row() -> None:
    classes = {c for c in vars(cr).values() if isinstance(c, type) and issubclass(c, cr.Optimizer)}
    classes = {c for c in classes if not issubclass(c, Wrapper)} - {cr.Optimizer, cr.Rule}
    assert {type(example.optimizer) for example in OPTIMIZERS} == classes


@pytest.fixture
def torch() -> Any:
    """Return PyTorch with float64 as its type, in which NAdam keeps its product of momenta."""
    module = pytest.importorskip("torch")
    module.set_default_dtype(module.float64)
    yield module
    module.set_default_dtype(module.float32)


@every_optimizer
def test_fifty_steps_are_pytorchs(example: Example, torch: Any) -> None:
    theirs = {n: torch.tensor(p.copy(), requires_grad=True) for n, p in flatten(PARAMS).items()}
    oracle = example.oracle(torch, list(theirs.values()))
    for step in range(50):
        now = {"0": {n[2:]: p.detach().numpy() for n, p in theirs.items()}, "1": {}}
        for name, g in flatten(gradients(now, step)).items():
            theirs[name].grad = torch.tensor(g)
        oracle.step()
    for name, p in flatten(walk(example.optimizer, 50)).items():
        np.testing.assert_allclose(p, theirs[name].detach().numpy(), rtol=1e-9, atol=1e-12)
        assert abs(p - flatten(PARAMS)[name]).max() > 1e-3


@every_optimizer
@both_precisions
def test_nothing_is_written_to_and_the_dtype_stays(example: Example, dtype: str) -> None:
    params = locked(as_type(PARAMS, dtype))
    state = locked(example.optimizer.init(params))
    for step in range(3):
        grads = locked(as_type(gradients(params, step), dtype))
        params, state = map(locked, example.optimizer.update(params, grads, state, step))
    leaves = [*flatten(params).values(), *flatten(state).values()]
    assert {leaf.dtype for leaf in leaves} == {np.dtype(dtype)}
    assert all(np.isfinite(leaf).all() for leaf in leaves)


@every_optimizer
def test_the_state_starts_at_zero_under_each_parameter(example: Example) -> None:
    state = flatten(example.optimizer.init(PARAMS))
    slots = example.optimizer.slots
    assert list(state) == [f"0.{p}.{slot}" for p in ("W", "b") for slot in slots]
    assert not any(array.any() for array in state.values())


@every_optimizer
def test_what_has_no_gradient_stays_as_it_is(example: Example) -> None:
    optimizer, state = example.optimizer, example.optimizer.init(PARAMS)
    only_W = {"0": {"W": np.ones((3, 2))}}
    params, new_state = optimizer.update(PARAMS, only_W, state, 0)
    assert params["0"]["b"] is PARAMS["0"]["b"]
    assert new_state["0"]["b"] is state["0"]["b"]
    assert (params["0"]["W"] != PARAMS["0"]["W"]).all()
    assert params["1"] == {}
    assert optimizer.update(PARAMS, {"0": {}, "1": {}}, state, 0) == (PARAMS, state)


@every_optimizer
def test_a_schedule_sets_the_rate_of_each_step(example: Example) -> None:
    scheduled = replace(example.optimizer, learning_rate=lambda step: 0.1 / (1 + step))
    params, state = PARAMS, scheduled.init(PARAMS)
    expected, expected_state = params, state
    for step in range(4):
        fixed = replace(example.optimizer, learning_rate=0.1 / (1 + step))
        g = gradients(params, step)
        params, state = scheduled.update(params, g, state, step)
        expected, expected_state = fixed.update(expected, g, expected_state, step)
    np.testing.assert_array_equal(params["0"]["W"], expected["0"]["W"])


@pytest.mark.parametrize("step", [0, 1, 9, 999])
@both_precisions
def test_adams_corrections_are_exact_in_the_working_type(step: int, dtype: str) -> None:
    scalars = cr.Adam().scalars(np.asarray(step + 1, dtype), 0.001)
    eps = np.finfo(dtype).eps
    for name, beta in (("correction1", 0.9), ("correction2", 0.999)):
        exact = 1 - np.longdouble(beta) ** (step + 1)
        assert scalars[name].dtype == dtype
        assert abs(scalars[name] / exact - 1) < 4 * eps


def test_adams_first_step_in_float32_is_the_learning_rate_against_the_gradient() -> None:
    params = {"W": np.zeros(3, np.float32)}
    g = np.array([1e-3, -2.0, 50.0], np.float32)
    adam = cr.Adam(0.1, eps=1e-12)
    new, _ = adam.update(params, {"W": g}, adam.init(params), 0)
    np.testing.assert_allclose(new["W"], -0.1 * np.sign(g), rtol=5e-7)


def test_adam_takes_the_published_first_steps() -> None:
    # By hand from algorithm 1 with g = 1, 2: m̂ = 1, then 0.29/0.19; v̂ = 1, then 0.004999/0.001999.
    adam, params = cr.Adam(0.1, eps=0.0), {"W": np.array([0.0])}
    params, state = adam.update(params, {"W": np.array([1.0])}, adam.init(params), 0)
    assert params["W"][0] == pytest.approx(-0.1, rel=1e-14)
    params, _ = adam.update(params, {"W": np.array([2.0])}, state, 1)
    second = (0.29 / 0.19) / np.sqrt(0.004999 / 0.001999)
    assert params["W"][0] == pytest.approx(-0.1 - 0.1 * second, rel=1e-12)


def test_weight_decay_shrinks_without_a_gradient() -> None:
    adamw, params = cr.AdamW(0.1, weight_decay=0.5), {"W": np.array([2.0])}
    new, _ = adamw.update(params, {"W": np.array([0.0])}, adamw.init(params), 0)
    assert new["W"][0] == pytest.approx(2 * (1 - 0.1 * 0.5))


def test_plain_descent_is_the_line_on_the_board() -> None:
    new, _ = cr.SGD(0.5).update({"W": np.array([1.0])}, {"W": np.array([0.2])}, {"W": {}}, 0)
    assert new["W"][0] == 1.0 - 0.5 * 0.2


WRONG = [
    (cr.SGD, {"learning_rate": 0}, "SGD: learning_rate must be a positive number, got 0"),
    (cr.Adam, {"learning_rate": -1}, "Adam: learning_rate must be a positive number, got -1"),
    (cr.Adam, {"learning_rate": float("nan")}, "learning_rate must be a positive number"),
    (cr.Adam, {"learning_rate": "fast"}, "learning_rate must be a positive number, got 'fast'"),
    (cr.SGD, {"momentum": 1}, r"SGD: momentum must be in \[0, 1\), got 1"),
    (cr.SGD, {"nesterov": True}, "nesterov needs a momentum above 0"),
    (cr.Adam, {"beta1": 1.0}, r"Adam: beta1 must be in \[0, 1\)"),
    (cr.AdamW, {"beta2": -0.1}, r"AdamW: beta2 must be in \[0, 1\)"),
    (cr.NAdam, {"beta1": 0}, r"NAdam: beta1 must be in \(0, 1\), got 0"),
    (cr.RMSProp, {"rho": 2}, r"RMSProp: rho must be in \[0, 1\)"),
]


@pytest.mark.parametrize(("kind", "options", "message"), WRONG)
def test_values_out_of_range_are_refused(kind: Any, options: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        kind(**options)


@every_optimizer
def test_an_optimizer_survives_its_repr_and_its_configuration(example: Example) -> None:
    assert eval(repr(example.optimizer), dict(vars(cr))) == example.optimizer
    assert from_config(to_config(example.optimizer), cr.Optimizer) == example.optimizer
