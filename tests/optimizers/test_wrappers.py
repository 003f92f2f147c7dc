"""Wrappers around an optimizer, beside PyTorch's or the rule written out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import as_type, away_from_zero, locked
from chainrule.description import from_config, to_config
from chainrule.optimizers.wrapper import Wrapper
from chainrule.tree import flatten

PARAMS: Any = {
    "0": {"W": away_from_zero((3, 2), seed=1), "b": away_from_zero((2,), seed=2)},
    "1": {},
    "2": {"W": away_from_zero((2, 2), seed=3)},
}


def gradients(params: Any, step: int) -> Any:
    own = params["0"]
    return {
        "0": {"W": own["W"] - 0.3 + np.cos(step), "b": own["b"] ** 3 * 5},
        "1": {},
        "2": {"W": np.sin(step) * params["2"]["W"]},
    }


def walk(optimizer: cr.Optimizer, steps: int) -> Any:
    params, state = PARAMS, optimizer.init(PARAMS)
    for step in range(steps):
        params, state = optimizer.update(params, gradients(params, step), state, step)
    return params, state


@pytest.fixture(autouse=True)
def exact() -> Any:
    """Let PyTorch keep its scalars in float64."""
    try:
        import torch
    except ImportError:
        yield
        return
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def their_walk(make: Callable[[Any, Any], Any], steps: int, change: Any = None) -> dict[str, Any]:
    """Return PyTorch's parameters; `change(torch, parameters)` comes between backward and step."""
    torch = pytest.importorskip("torch")
    theirs = {n: torch.tensor(p.copy(), requires_grad=True) for n, p in flatten(PARAMS).items()}
    oracle = make(torch, theirs)
    for step in range(steps):
        now: Any = {"0": {}, "1": {}, "2": {}}
        for name, p in theirs.items():
            now[name[0]][name[2:]] = p.detach().numpy()
        for name, g in flatten(gradients(now, step)).items():
            theirs[name].grad = torch.tensor(g)
        if change is not None:
            change(torch, theirs)
        oracle.step()
    return {n: p.detach().numpy() for n, p in theirs.items()}


def agree(ours: Any, theirs: dict[str, Any], moved: bool = True) -> None:
    for name, p in flatten(ours).items():
        np.testing.assert_allclose(p, theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)


def sgd(torch: Any, theirs: Any) -> Any:
    return torch.optim.SGD(list(theirs.values()), lr=0.05, momentum=0.9)


OURS = cr.SGD(0.05, momentum=0.9)


def test_clipping_by_value_is_pytorchs() -> None:
    def change(torch: Any, theirs: Any) -> None:
        torch.nn.utils.clip_grad_value_(list(theirs.values()), 0.4)

    agree(walk(cr.Clipped(OURS, value=0.4), 50)[0], their_walk(sgd, 50, change))


def cut_back(torch: Any, tensors: list[Any], limit: float) -> None:
    """PyTorch's clip_grad_norm_ without the 1e-6 that it adds to the norm."""
    length = torch.sqrt(sum((t.grad**2).sum() for t in tensors))
    if length > limit:
        for t in tensors:
            t.grad *= limit / length


def test_clipping_by_the_global_norm_is_pytorchs() -> None:
    def change(torch: Any, theirs: Any) -> None:
        cut_back(torch, list(theirs.values()), 0.7)

    agree(walk(cr.Clipped(OURS, global_norm=0.7), 50)[0], their_walk(sgd, 50, change))


def test_clipping_by_norm_takes_each_parameter_by_itself() -> None:
    def change(torch: Any, theirs: Any) -> None:
        for t in theirs.values():
            cut_back(torch, [t], 0.7)

    agree(walk(cr.Clipped(OURS, norm=0.7), 50)[0], their_walk(sgd, 50, change))


def test_clipping_a_gradient_of_zero_is_no_division_by_zero() -> None:
    params = {"W": np.ones(3)}
    for options in ({"norm": 1.0}, {"global_norm": 1.0}, {"value": 1.0}):
        clipped = cr.Clipped(cr.SGD(0.1), **options)  # type: ignore[arg-type]
        new, _ = clipped.update(params, {"W": np.zeros(3)}, clipped.init(params), 0)
        np.testing.assert_array_equal(new["W"], params["W"])


def test_a_penalty_on_everything_is_pytorchs_weight_decay() -> None:
    def make(torch: Any, theirs: Any) -> Any:
        return torch.optim.Adam(list(theirs.values()), lr=0.02, weight_decay=0.1)

    ours = cr.Decayed(cr.Adam(0.02), l2=0.1, parameters=("*",))
    agree(walk(ours, 50)[0], their_walk(make, 50))


@pytest.mark.parametrize("name", ["NAdam", "RAdam"])
def test_decoupled_decay_is_pytorchs_too(name: str) -> None:
    def make(torch: Any, theirs: Any) -> Any:
        return getattr(torch.optim, name)(
            list(theirs.values()), lr=0.02, weight_decay=0.2, decoupled_weight_decay=True
        )

    ours = cr.Decayed(getattr(cr, name)(0.02), decoupled=0.2, parameters=("*",))
    agree(walk(ours, 50)[0], their_walk(make, 50))


def test_decoupled_decay_of_adam_is_adamw() -> None:
    ours = cr.Decayed(cr.Adam(0.02), decoupled=0.3, parameters=("*",))
    expected = walk(cr.AdamW(0.02, weight_decay=0.3), 20)[0]
    agree(walk(ours, 20)[0], flatten(expected))


def test_penalties_differ_by_layer_and_spare_biases() -> None:
    one = cr.Decayed(cr.SGD(1.0), l2=0.1, parameters=("0.W",))
    both = cr.Decayed(one, l1=0.5, parameters=("2.*",))
    zeros = {"0": {"W": np.zeros((3, 2)), "b": np.zeros(2)}, "1": {}, "2": {"W": np.zeros((2, 2))}}
    new, _ = both.update(PARAMS, zeros, both.init(PARAMS), 0)
    np.testing.assert_allclose(new["0"]["W"], 0.9 * PARAMS["0"]["W"])
    np.testing.assert_array_equal(new["0"]["b"], PARAMS["0"]["b"])
    np.testing.assert_allclose(new["2"]["W"], PARAMS["2"]["W"] - 0.5 * np.sign(PARAMS["2"]["W"]))


def test_no_unit_has_weights_beyond_the_limit() -> None:
    params, _ = walk(cr.MaxNorm(cr.SGD(0.3), 0.8), 5)
    free, _ = walk(cr.SGD(0.3), 5)
    for layer in ("0", "2"):
        assert np.linalg.norm(params[layer]["W"], axis=0).max() <= 0.8 * (1 + 1e-12)
    assert np.linalg.norm(free["0"]["W"], axis=0).max() > 0.8
    assert np.linalg.norm(params["0"]["b"]) > 0


@pytest.mark.parametrize("inner", [cr.SGD(0.1, momentum=0.5), cr.Adam(cr.Cosine(0.1, 5))], ids=repr)
def test_accumulating_is_one_update_with_the_mean(inner: cr.Optimizer) -> None:
    wrapped = cr.Accumulated(inner, 3)
    params, state = PARAMS, wrapped.init(PARAMS)
    plain, plain_state = PARAMS, inner.init(PARAMS)
    for step in range(9):
        before = params
        params, state = wrapped.update(params, gradients(PARAMS, step), state, step)
        if step % 3 != 2:
            agree(params, flatten(before))
            continue
        three = [flatten(gradients(PARAMS, s)) for s in range(step - 2, step + 1)]
        mean: Any = {"0": {}, "1": {}, "2": {}}
        for name in three[0]:
            mean[name[0]][name[2:]] = sum(g[name] for g in three) / 3
        plain, plain_state = inner.update(plain, mean, plain_state, step // 3)
        agree(params, flatten(plain))


def test_the_running_average_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    wrapped, theirs = cr.Averaged(cr.SGD(0.05), 0.9), torch.nn.Linear(2, 3, dtype=torch.float64)
    average = torch.optim.swa_utils.AveragedModel(
        theirs, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    )
    params: Any = {"W": theirs.weight.detach().numpy().T.copy()}
    state = wrapped.init(params)
    for step in range(20):
        g = np.cos(step) + params["W"] ** 3
        params, state = wrapped.update(params, {"W": g}, state, step)
        with torch.no_grad():
            theirs.weight.copy_(torch.tensor(params["W"].T))
        average.update_parameters(theirs)
        expected = average.module.weight.detach().numpy().T
        np.testing.assert_allclose(wrapped.weights(params, state)["W"], expected, rtol=1e-12)


WRAPPED = [
    cr.Clipped(cr.Adam(), value=0.1),
    cr.Clipped(cr.SGD(), norm=0.1),
    cr.Clipped(cr.SGD(0.1, momentum=0.9), global_norm=0.1),
    cr.Decayed(cr.RMSProp(), l2=0.1, l1=0.2, decoupled=0.3),
    cr.MaxNorm(cr.Adam(0.1), 0.5, ("0.W",)),
    cr.Accumulated(cr.NAdam(), 4),
    cr.Averaged(cr.RAdam(), 0.9),
    cr.Averaged(cr.Accumulated(cr.Clipped(cr.Decayed(cr.AdaGrad(), l2=1e-3), norm=1.0))),
]
every_wrapper = pytest.mark.parametrize("optimizer", WRAPPED, ids=repr)


def test_every_exported_wrapper_has_a_row() -> None:
    classes = {c for c in vars(cr).values() if isinstance(c, type) and issubclass(c, Wrapper)}
    assert {type(optimizer) for optimizer in WRAPPED} == classes


@every_wrapper
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nothing_is_written_to_and_the_dtype_stays(optimizer: cr.Optimizer, dtype: str) -> None:
    params = locked(as_type(PARAMS, dtype))
    state = locked(optimizer.init(params))
    for step in range(3):
        grads = locked(as_type(gradients(params, step), dtype))
        params, state = map(locked, optimizer.update(params, grads, state, step))
    leaves = [*flatten(params).values(), *flatten(state).values()]
    assert {leaf.dtype for leaf in leaves} == {np.dtype(dtype)}


@every_wrapper
def test_what_has_no_gradient_stays_as_it_is(optimizer: cr.Optimizer) -> None:
    state = optimizer.init(PARAMS)
    params, new = optimizer.update(PARAMS, {"0": {"W": np.ones((3, 2))}}, state, 3)
    np.testing.assert_array_equal(params["0"]["b"], PARAMS["0"]["b"])
    np.testing.assert_array_equal(params["2"]["W"], PARAMS["2"]["W"])
    assert flatten(new).keys() == flatten(state).keys()
    nothing, _ = optimizer.update(PARAMS, {"0": {}}, state, 0)
    agree(nothing, flatten(PARAMS))


@every_wrapper
def test_it_survives_its_repr_and_its_configuration(optimizer: cr.Optimizer) -> None:
    assert eval(repr(optimizer), dict(vars(cr))) == optimizer
    assert from_config(to_config(optimizer), cr.Optimizer) == optimizer


@every_wrapper
def test_both_engines_train_alike_and_a_rate_can_be_scaled(optimizer: cr.Optimizer) -> None:
    pytest.importorskip("jax")
    x = np.random.default_rng(1).normal(size=(60, 3))
    ends = []
    for engine in ("numpy", "xla"):
        network = cr.Sequential(cr.Dense(4), cr.Tanh(), cr.Dense(1))
        model = cr.Model(network, cr.SquaredError(), optimizer, dtype="float64")
        model.fit(x, x.sum(axis=1), epochs=3, batch_size=7, engine=engine, verbose=0)
        ends.append([model.parameters["0.W"], model.predict(x)])
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert optimizer.scaled(0.5).rate(3) == pytest.approx(0.5 * float(optimizer.rate(3)))


def test_the_average_predicts_validates_and_is_what_a_file_holds(tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(40, 2))
    y = x.sum(axis=1)
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.Averaged(cr.SGD(0.1), 0.5))
    history = model.fit(x, y, 2, validation_data=(x, y), engine="numpy", verbose=0)
    average = model.state.optimizer["average"]
    assert (average["W"] != model.parameters["W"]).any()
    np.testing.assert_allclose(model.predict(x), (x @ average["W"] + average["b"])[:, 0], rtol=1e-5)
    assert model.evaluate(x, y)["loss"] == pytest.approx(history["validation_loss"][-1], rel=1e-5)
    model.save(tmp_path / "m.safetensors")
    loaded = cr.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    model.set_parameters({"W": [[5.0], [6.0]]})
    np.testing.assert_allclose(model.predict([[1.0, 0.0]]), 5 + average["b"], rtol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.Clipped(cr.SGD()), "Clipped: give one of value, norm and global_norm, got no"),
        (lambda: cr.Clipped(cr.SGD(), norm=1.0, value=1.0), "wrap twice for two"),
        (lambda: cr.Clipped(cr.SGD(), norm=0), "Clipped: norm must be above 0, got 0"),
        (lambda: cr.Clipped(0.1, norm=1.0), "optimizer must be an Optimizer, got 0.1"),
        (lambda: cr.Decayed(cr.SGD(), l2=-1.0), "Decayed: l2 must be 0 or more"),
        (lambda: cr.Decayed(cr.SGD(), parameters="*"), "parameters must be a tuple of names"),
        (lambda: cr.MaxNorm(cr.SGD(), 0), "MaxNorm: limit must be above 0"),
        (lambda: cr.Accumulated(cr.SGD(), 0), "Accumulated: steps must be a positive integer"),
        (lambda: cr.Averaged(cr.SGD(), 1.0), r"Averaged: decay must be in \[0, 1\)"),
    ],
)
def test_values_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        make()


@every_wrapper
def test_a_page_is_written_with_it(optimizer: cr.Optimizer) -> None:
    x = np.random.default_rng(1).normal(size=(6, 2))
    model = cr.Model(cr.Dense(1), cr.SquaredError(), optimizer)
    model.fit(x, x.sum(axis=1), engine="numpy", verbose=0)
    assert type(optimizer).__name__ in str(cr.explain(model, x[0], [1.0]))
