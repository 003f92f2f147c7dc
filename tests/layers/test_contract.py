"""What every layer promises, checked for every row of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from arrays import locked
from chainrule.description import from_config, to_config
from chainrule.layers import __all__ as exported
from chainrule.layers.combinators import Combinator
from chainrule.tree import flatten
from example_layer import Example
from example_layers import LAYERS
from gradient_check import check_layer, compare, complex_step

every_layer = pytest.mark.parametrize("example", LAYERS, ids=str)
analytic = pytest.mark.parametrize("example", [e for e in LAYERS if e.analytic], ids=str)
COMBINATORS = (Combinator, cr.Shared)  # their formulas are those of their layers
simple = pytest.mark.parametrize(
    "example", [e for e in LAYERS if not isinstance(e.layer, COMBINATORS)], ids=str
)
in_a_row = pytest.mark.parametrize(
    "example",
    [e for e in LAYERS if not isinstance(e.layer, COMBINATORS) or type(e.layer) is cr.Sequential],
    ids=str,
)
rowwise = pytest.mark.parametrize("example", [e for e in LAYERS if e.rowwise], ids=str)
both_precisions = pytest.mark.parametrize("dtype", ["float32", "float64"])


def passes(example: Example, m: int = 4, dtype: str = "float64") -> Any:
    """Return X, params, dY, Y, cache of one pass on locked arrays."""
    X, params = locked(example.samples(m, dtype)), locked(example.parameters(dtype))
    Y, cache = example.layer.forward(params, X, example.context(m, dtype))
    dY = locked(np.random.default_rng(2).normal(size=Y.shape).astype(dtype))
    return X, params, dY, Y, cache


def test_every_exported_layer_has_a_row_and_every_row_is_exported() -> None:
    exports = [getattr(cr, name) for name in exported]
    classes = {c for c in exports if isinstance(c, type) and issubclass(c, cr.Layer)}
    assert {type(example.layer) for example in LAYERS} == classes - {cr.Layer}


@every_layer
def test_backward_is_the_derivative_of_forward(example: Example) -> None:
    check_layer(example.layer, example.parameters(), example.samples(), ctx=example.context())


@analytic
def test_complex_step_agrees_to_rounding(example: Example) -> None:
    params, X, ctx = example.parameters(), example.samples(), example.context()
    check_layer(example.layer, params, X, complex_step, 1e-12, ctx)


@every_layer
def test_pytorch_computes_the_same(example: Example) -> None:
    torch = pytest.importorskip("torch")
    X, params, dY, Y, cache = passes(example)
    dX, gradients = example.layer.backward(params, cache, dY)
    inputs = torch.tensor(X.copy(), requires_grad=True)
    p = {n: torch.tensor(v.copy(), requires_grad=True) for n, v in flatten(params).items()}
    outputs = example.oracle(torch, p, inputs)
    compare("Y", outputs.detach().numpy(), Y, 1e-9)
    outputs.backward(torch.tensor(dY.copy()))
    compare("dX", inputs.grad.numpy(), dX, 1e-9)
    for name, gradient in flatten(gradients).items():
        compare(f"d{name}", p[name].grad.numpy(), gradient, 1e-9)


@every_layer
@both_precisions
def test_the_dtype_that_comes_in_goes_out(example: Example, dtype: str) -> None:
    _, params, dY, Y, cache = passes(example, dtype=dtype)
    dX, gradients = example.layer.backward(params, cache, dY)
    assert {a.dtype for a in (Y, dX, *flatten(gradients).values())} == {np.dtype(dtype)}


@every_layer
def test_shapes_are_as_announced(example: Example) -> None:
    X, params, dY, Y, cache = passes(example)
    dX, gradients = example.layer.backward(params, cache, dY)
    assert Y.shape == (4, *example.layer.output_shape(example.shape))
    assert dX.shape == X.shape
    specs = flatten(example.layer.parameters(example.shape))
    assert {n: p.shape for n, p in flatten(params).items()} == {
        n: s.shape for n, s in specs.items()
    }
    assert {n: g.shape for n, g in flatten(gradients).items()} == {
        n: s.shape for n, s in specs.items()
    }


@in_a_row
def test_walking_layer_by_layer_is_the_forward_pass(example: Example) -> None:
    X, params, _, Y, _ = passes(example)
    for place in example.layer.walk(example.shape):
        own: Any = params
        for name in place.path.split(".") if place.path else ():
            own = own[name]
        assert X.shape[1:] == place.input_shape
        X, _ = place.layer.forward(own, X, example.context())
        assert X.shape[1:] == place.output_shape
    np.testing.assert_array_equal(X, Y)


@every_layer
def test_parameter_gradients_are_those_of_backward(example: Example) -> None:
    _, params, dY, _, cache = passes(example)
    whole = flatten(example.layer.backward(params, cache, dY)[1])
    alone = flatten(example.layer.parameter_gradients(params, cache, dY))
    assert alone.keys() == whole.keys()
    for name in whole:
        np.testing.assert_array_equal(alone[name], whole[name])


@every_layer
def test_a_pass_repeats_itself_bit_by_bit(example: Example) -> None:
    X, params, dY, Y, cache = passes(example)
    first, again = (example.layer.backward(params, cache, dY) for _ in range(2))
    np.testing.assert_array_equal(example.layer.forward(params, X, example.context())[0], Y)
    np.testing.assert_array_equal(first[0], again[0])


@rowwise
def test_each_row_is_computed_from_itself_alone(example: Example) -> None:
    X, params, dY, Y, cache = passes(example)
    dX, gradients = example.layer.backward(params, cache, dY)
    summed = {name: np.zeros_like(g) for name, g in flatten(gradients).items()}
    for i in range(len(X)):
        one = slice(i, i + 1)
        row, row_cache = example.layer.forward(params, X[one], example.context(1, first=i))
        row_dX, row_gradients = example.layer.backward(params, row_cache, dY[one])
        np.testing.assert_allclose(row, Y[one], rtol=1e-13)
        np.testing.assert_allclose(row_dX, dX[one], rtol=1e-12, atol=1e-15)
        for name, g in flatten(row_gradients).items():
            summed[name] += g
    for name, g in flatten(gradients).items():
        np.testing.assert_allclose(summed[name], g, rtol=1e-11, atol=1e-14)


@rowwise
def test_a_batch_without_samples_passes_through(example: Example) -> None:
    X, params, dY, Y, cache = passes(example, m=0)
    dX, gradients = example.layer.backward(params, cache, dY)
    assert Y.shape == (0, *example.layer.output_shape(example.shape))
    assert dX.shape == X.shape
    assert not any(g.any() for g in flatten(gradients).values())


@every_layer
def test_the_repr_is_a_constructor_call(example: Example) -> None:
    assert eval(repr(example.layer), dict(vars(cr))) == example.layer


@every_layer
def test_a_layer_survives_its_configuration(example: Example) -> None:
    assert from_config(to_config(example.layer), cr.Layer) == example.layer


@every_layer
def test_a_model_with_it_trains_saves_and_loads(example: Example, tmp_path: Path) -> None:
    network = cr.Sequential(example.layer, cr.Flatten(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.01))
    x = np.concatenate([example.samples(3, "float32")] * 2)
    model.fit(x, [0, 1, 2, 0, 1, 2], epochs=2, batch_size=4, engine="numpy", verbose=0)
    model.save(tmp_path / "model.safetensors")
    loaded = cr.load(tmp_path / "model.safetensors")
    assert loaded.network == network
    np.testing.assert_array_equal(loaded.predict_proba(x), model.predict_proba(x))


@simple
def test_formulas_name_everything_that_the_passes_return(example: Example) -> None:
    formulas = example.layer.formulas
    assert "Y" in formulas.forward
    wanted = {"dX", *(f"d{name}" for name in example.layer.parameters(example.shape))}
    assert wanted <= formulas.backward.keys()
