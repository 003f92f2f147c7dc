from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.layout import Layout
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
