"""Every layer, input layer and loss link as ONNX, run by onnxruntime beside chainrule."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.onnx.exporting import export_onnx
from chainrule.interop.onnx.tables import LINKS, WRITERS, load_families
from chainrule.layers import __all__ as exported
from example_layer import Example
from example_layers import LAYERS
from example_losses import LOSSES
from onnx_files import classifier

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def test_every_exported_layer_and_loss_has_a_translation() -> None:
    load_families()
    names = [getattr(cr, name) for name in exported]
    layers = {c for c in names if isinstance(c, type) and issubclass(c, cr.Layer)} - {cr.Layer}
    assert layers <= WRITERS.keys()
    every = [getattr(cr, name) for name in cr.__all__]
    losses = {c for c in every if isinstance(c, type) and issubclass(c, cr.Loss)} - {cr.Loss}
    assert losses <= LINKS.keys()


@pytest.mark.parametrize("opset", [13, 20])
@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_onnxruntime_computes_the_same_layer(example: Example, opset: int, tmp_path: Path) -> None:
    x = example.samples(4, "float32")
    report = export_onnx(classifier(example), tmp_path / "m.onnx", x, opset)
    assert report.parity is not None
    assert report.parity.worst <= 1e-6
    assert report.parity.other_answers == 0


@pytest.mark.parametrize("loss", [e.loss for e in LOSSES], ids=repr)
def test_onnxruntime_computes_the_same_link(loss: cr.Loss, tmp_path: Path) -> None:
    probabilities = isinstance(loss, cr.CrossEntropy | cr.BinaryCrossEntropy)
    network = cr.Sequential(cr.Dense(3), *([cr.Softmax(), cr.Identity()] if probabilities else []))
    model = cr.Model(network, loss, input_shape=(4,))
    report = export_onnx(model, tmp_path / "m.onnx")
    assert report.parity is not None
    assert report.parity.worst <= 1e-5
    assert report.parity.other_answers == 0


def trained() -> cr.Model:
    x = np.random.default_rng(0).normal(size=(40, 5)).astype("float32")
    network = cr.Sequential(cr.Dense(8), cr.ReLU(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), classes=("no", "yes"))
    model.fit(x, np.where(x[:, 0] > 0, "yes", "no"), epochs=1, verbose=0)
    return model


def test_names_are_those_of_the_model_and_metadata_say_the_rest(tmp_path: Path) -> None:
    trained().export_onnx(tmp_path / "m.onnx")
    file = onnx.load(tmp_path / "m.onnx")
    assert [i.name for i in file.graph.initializer] == ["0.W", "0.b", "2.W", "2.b"]
    assert [n.name for n in file.graph.node][:3] == ["0/Gemm", "1/Relu", "2/Gemm"]
    assert file.graph.node[0].doc_string == "Dense(8)"
    assert [o.name for o in file.graph.output] == ["label", "probabilities"]
    facts = {p.key: p.value for p in file.metadata_props}
    assert json.loads(facts["classes"]) == ["no", "yes"]
    assert json.loads(facts["chainrule"])["input_shape"] == [5]


def test_any_number_of_samples_fits(tmp_path: Path) -> None:
    model = trained()
    model.export_onnx(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    for m in (1, 7):
        x = np.ones((m, 5), np.float32)
        label, probabilities = session.run(None, {"X": x})
        assert label.shape == (m,)
        np.testing.assert_allclose(probabilities, model.predict_proba(x), atol=1e-6)


def test_shared_weights_are_written_once(tmp_path: Path) -> None:
    twice = cr.Sequential(cr.Shared("t", cr.Dense(4)), cr.Tanh(), cr.Shared("t", cr.Dense(4)))
    cr.Model(twice, cr.SquaredError(), input_shape=(4,)).export_onnx(tmp_path / "m.onnx")
    names = [i.name for i in onnx.load(tmp_path / "m.onnx").graph.initializer]
    assert names == ["t.W", "t.b"]


def test_images_are_turned_once_at_each_end(tmp_path: Path) -> None:
    body = cr.Residual(cr.Conv2D(4, 3, padding="same"), cr.BatchNorm(), cr.ReLU())
    network = cr.Sequential(
        cr.Conv2D(4, 3), body, cr.MaxPool(2), cr.Flatten(), cr.Dense(3)
    )  # fmt: skip
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(8, 8, 1))
    report = model.export_onnx(tmp_path / "m.onnx")
    ops = [n.op_type for n in onnx.load(tmp_path / "m.onnx").graph.node]
    assert ops.count("Transpose") == 2
    assert report.parity is not None
    assert report.parity.worst < 1e-5


@dataclass(frozen=True, repr=False)
class Odd(cr.Layer):
    def forward(self, params: Any, X: Any, ctx: cr.Context = cr.INFERENCE) -> Any:
        return X + 1, None


def test_a_layer_without_a_translation_is_named(tmp_path: Path) -> None:
    model = cr.Model(
        cr.Sequential(Odd(), cr.Dense(1)), cr.SquaredError(), input_shape=(2,)
    )  # fmt: skip
    with pytest.raises(cr.ConfigurationError, match=r'Odd\(\) at "0" has no translation to ONNX'):
        model.export_onnx(tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize("opset", [12, 24, 0])
def test_an_opset_out_of_range_is_refused(opset: int, tmp_path: Path) -> None:
    with pytest.raises(cr.ConfigurationError, match="opset must be from 13 to 23"):
        trained().export_onnx(tmp_path / "m.onnx", opset=opset)


def test_a_wrong_weight_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained()
    right = model.predict_proba
    monkeypatch.setattr(model, "predict_proba", lambda x: right(x)[:, ::-1])
    with pytest.raises(cr.ModelFileError, match="onnxruntime gives other numbers"):
        model.export_onnx(tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_all_test_digits_get_the_same_answer(kind: str, tmp_path: Path) -> None:
    (x, y), (x_test, _) = cr.data.load("mnist")
    dense: list[cr.Layer] = [cr.Flatten(), cr.Dense(32), cr.ReLU(), cr.Dense(10)]
    images: list[cr.Layer] = [
        cr.Reshape((28, 28, 1)), cr.Conv2D(4, 3), cr.ReLU(), cr.MaxPool(2)
    ]  # fmt: skip
    network = cr.Sequential(cr.Scale(1 / 255), *(images if kind == "cnn" else []), *dense)
    model = cr.Model(network, cr.SoftmaxCrossEntropy())
    model.fit(x[:6000], y[:6000], epochs=1, verbose=0, engine="numpy")
    parity = model.export_onnx(tmp_path / "m.onnx", x_test).parity
    assert parity is not None
    assert (parity.rows, parity.other_answers) == (10_000, 0)
    assert parity.worst <= 1e-5


def test_a_table_with_categories_gets_the_same_answers(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 5, (300, 4)).astype("float32")
    y = (x[:, 0] > x[:, 1]).astype(int)
    tokens = cr.Sequential(cr.Embedding(5, 3), cr.Flatten())
    network = cr.Sequential(
        cr.Concatenate(cr.OneHot(6), cr.Standardize(), tokens), cr.Dense(16), cr.ReLU(), cr.Dense(1)
    )
    model = cr.Model(network, cr.SigmoidCrossEntropy())
    model.fit(x, y, epochs=3, verbose=0)
    parity = model.export_onnx(tmp_path / "m.onnx", x).parity
    assert parity is not None
    assert (parity.rows, parity.other_answers) == (300, 0)
    assert parity.worst <= 1e-5
