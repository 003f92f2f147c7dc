from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.layout import Layout, Turned, goes_second
from chainrule.network import Network
from chainrule.step import State, Task
from chainrule.tree import flatten

NETWORK = cr.Sequential(
    cr.Embedding(9, 4),
    cr.Flatten(),
    cr.Residual(cr.Sequential(cr.Dense(8), cr.ReLU())),
    cr.Dense(3),
)
SHAPE = (2,)


def state_of(task: Task) -> State:
    network = Network(task.network, SHAPE)
    params = network.initial_parameters(0)
    return State(params, {}, task.optimizer.init(params), 0)


def test_dense_weights_and_their_averages_are_turned_and_nothing_else() -> None:
    task = Task(NETWORK, cr.SoftmaxCrossEntropy(), cr.Adam())
    state, layout = state_of(task), Layout(task, SHAPE)
    turned = layout.turned(state)
    before, after = flatten(state.params), flatten(turned.params)
    assert layout.names == {"2.0.0.W", "3.W"}
    assert {name for name in before if before[name] is not after[name]} == layout.names
    assert after["3.W"].shape == (3, 8)
    assert flatten(turned.optimizer)["3.W.m"].shape == (3, 8)
    back = layout.turned(turned)
    for name, p in flatten(back.params).items():
        assert np.array_equal(p, before[name])


def test_a_matrix_with_more_columns_than_rows_stays_as_it_is() -> None:
    network = cr.Sequential(cr.Dense(8), cr.Tanh(), cr.Dense(3))
    layout = Layout(Task(network, cr.SoftmaxCrossEntropy(), cr.Adam()), (5,))
    assert layout.names == {"2.W"}


@pytest.mark.parametrize("optimizer", [cr.MaxNorm(cr.SGD(0.1)), cr.Clipped(cr.SGD(0.1), norm=1.0)])
def test_a_rule_that_looks_at_whole_matrices_gets_them_as_they_are(optimizer: cr.Optimizer) -> None:
    task = Task(NETWORK, cr.SoftmaxCrossEntropy(), optimizer)
    assert not Layout(task, SHAPE).names


def test_what_comes_home_lies_in_memory_as_ever() -> None:
    pytest.importorskip("jax")
    x, y = np.random.default_rng(0).normal(size=(20, 6)).astype("f"), np.arange(20) % 3
    model = cr.Model(
        cr.Sequential(cr.Dense(5), cr.Tanh(), cr.Dense(3)), cr.SoftmaxCrossEntropy(), cr.Adam()
    )
    model.fit(x, y, 2, 5, engine="xla", verbose=0)
    leaves = [*flatten(model.state.params).values(), *flatten(model.state.optimizer).values()]
    assert all(leaf.flags.c_contiguous for leaf in leaves)
    assert model.state.params["0"]["W"].shape == (6, 5)
    assert model.state.optimizer["0"]["W"]["m"].shape == (6, 5)


@pytest.mark.parametrize("samples", [1, 8, 40])
def test_few_samples_go_second_with_the_same_numbers(samples: int) -> None:
    jax = pytest.importorskip("jax")
    pytest.importorskip("chainrule.engines.compiling")  # which knows the barrier
    rng = np.random.default_rng(0)
    X = rng.normal(size=(samples, 400)).astype("f")
    T = rng.normal(size=(160, 400)).astype("f")
    product = jax.jit(lambda X, T: X @ Turned(T))
    assert ("optimization_barrier" in product.lower(X, T).as_text()) == (samples <= 8)
    np.testing.assert_allclose(product(X, T), X @ T.T, rtol=1e-4, atol=1e-4)
    assert Turned(T).T is T


def test_more_samples_go_second_in_a_step_of_one_thread() -> None:
    task = Task(cr.Dense(160), cr.SoftmaxCrossEntropy(), cr.SGD(0.1))
    params = {"W": np.zeros((1000, 160), "f"), "b": np.zeros(160, "f")}
    for one_thread in (False, True):
        layout = Layout(task, (1000,), one_thread=one_thread)
        assert layout.read(layout.turn(params))["W"].one_thread is one_thread
    assert goes_second(32, 160, 1000, one_thread=True)
    assert not goes_second(33, 160, 1000, one_thread=True)
    assert not goes_second(32, 160, 1000)


def test_a_layer_that_has_not_said_so_gets_an_array() -> None:
    class Own(cr.Dense):
        """A layer of the user's may hand W to any function."""

    network = cr.Sequential(Own(8), cr.Dense(3))
    layout = Layout(Task(network, cr.SoftmaxCrossEntropy(), cr.Adam()), (9,))
    params = Network(network, (9,)).initial_parameters(0)
    read = layout.arrangement.read(layout.turn(params))
    assert isinstance(read["0"]["W"], np.ndarray)
    assert isinstance(read["1"]["W"], Turned)
    assert layout.arrangement.write(params)["1"]["W"].shape == (3, 8)


@pytest.mark.parametrize("batch_size", [1, 8])
def test_both_engines_agree_where_few_samples_go_second(batch_size: int) -> None:
    pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 400)), np.arange(20) % 3
    network = cr.Sequential(
        cr.Dense(160), cr.Shared("twice", cr.Dense(160)), cr.Tanh(), cr.Dense(3)
    )
    found = []
    for engine in ("numpy", "xla"):
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(), dtype="float64")
        model.fit(x, y, 2, batch_size, engine=engine, verbose=0)
        found.append(model.parameters)
    for name, p in found[0].items():
        np.testing.assert_allclose(found[1][name], p, rtol=1e-9, atol=1e-12, err_msg=name)
