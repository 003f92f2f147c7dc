from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import chainrule as cr
from chainrule.model_file import KEY
from chainrule.storage import write_atomically
from small import classification, classifier, regression, same_bits

X, Y = classification()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of a trained model's file."""
    model = classifier(seed=5, trainable=["*.W", "2.b"])
    model.fit(X, np.array(["cat", "dog", "owl"])[Y], 3, 8, verbose=0, engine="numpy")
    model.configuration = {"layers": [6], "note": "größer ≥ 0"}
    model.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def contents(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()[KEY])
        return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def rewrite(path: Path, header: Any = None, **arrays: Any) -> None:
    """Write the file again with another header, or with some arrays exchanged (None: left out)."""
    old_header, old = contents(path)
    new = {n: a for n, a in (old | arrays).items() if a is not None}
    save_file(new, path, {KEY: json.dumps(old_header if header is None else header)})


def test_everything_comes_back(path: Path) -> None:
    model = classifier(seed=5, trainable=["*.W", "2.b"])
    model.fit(X, np.array(["cat", "dog", "owl"])[Y], 3, 8, verbose=0, engine="numpy")
    loaded = cr.load(path)
    assert same_bits(loaded, model)
    for ask in (cr.Model.predict, cr.Model.predict_proba, cr.Model.outputs):
        np.testing.assert_array_equal(ask(loaded, X), ask(model, X))
    assert loaded.network == model.network
    assert loaded.loss == model.loss
    assert loaded.optimizer == model.optimizer
    assert loaded.seed == 5
    assert loaded.trainable == ("*.W", "2.b")
    assert loaded.targets == model.targets
    assert loaded.history.curves == model.history.curves
    assert loaded.state.step == 12
    assert loaded.summary() == model.summary()
    assert loaded.configuration == {"layers": [6], "note": "größer ≥ 0"}


MODELS = [
    (cr.SquaredError("sum", reduction="sum"), cr.SGD(0.01, momentum=0.9, nesterov=True)),
    (cr.SquaredError(), cr.AdamW(weight_decay=0.1)),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("loss", "optimizer"), MODELS, ids=repr)
def test_any_model_survives(loss: Any, optimizer: Any, dtype: Any, tmp_path: Path) -> None:
    x, y = regression()
    network = cr.Sequential(
        cr.Scale(0.5), cr.Sequential(cr.Dense(3), cr.LeakyReLU(0.2)), cr.Dense(1)
    )
    model = cr.Model(network, loss, optimizer, dtype=dtype)
    model.fit(x, y, 2, verbose=0, engine="numpy")
    model.save(tmp_path / "deep" / "er" / "model.safetensors")
    loaded = cr.load(str(tmp_path / "deep" / "er" / "model.safetensors"))
    assert loaded.dtype == dtype
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert loaded.predict(x).shape == (20,)
    assert (loaded.network, loaded.loss, loaded.optimizer) == (network, loss, optimizer)


def test_a_fused_model_shows_its_own_layers_and_classes_after_loading(tmp_path: Path) -> None:
    network = cr.Sequential(cr.Dense(3), cr.Softmax())
    model = cr.Model(network, cr.CrossEntropy(), input_shape=(4,), classes=["a", "b", "c"])
    model.save(tmp_path / "model")
    loaded = cr.load(tmp_path / "model")
    assert loaded.network == network
    assert loaded.loss == cr.CrossEntropy()
    assert set(loaded.predict(X)) <= {"a", "b", "c"}
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


def test_the_file_is_plain_arrays_and_a_json_header(path: Path) -> None:
    header, arrays = contents(path)
    assert sorted(arrays) == ["0.W", "0.b", "2.W", "2.b"]
    assert header["format"] == 1
    assert header["version"] == cr.__version__
    assert header["network"]["type"] == "Sequential"
    assert header["input_shape"] == [4]
    assert header["targets"]["classes"] == ["cat", "dog", "owl"]


def test_saving_again_replaces_the_file_whole(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    cr.load(path).save(path)
    assert contents(path)[0] == contents(path)[0]
    assert len(path.read_bytes()) == len(before)
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_save_that_fails_leaves_the_old_file_and_no_litter(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(lambda step: 0.1), input_shape=(1,))
    with pytest.raises(cr.ConfigurationError, match="cannot be stored in a model file"):
        model.save(path)
    with pytest.raises(TypeError):
        write_atomically(path, "text")  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("length", [0, 4, 8, 100, 1000, -1])
def test_a_truncated_file_is_refused(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(cr.ModelFileError, match="is no safetensors file, or is damaged"):
        cr.load(path)


@pytest.mark.parametrize(
    "content", [b"hello", b"\x80\x04\x95pickle" * 9, b"\x00" * 64, b"PK\x03\x04"]
)
def test_another_kind_of_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(cr.ModelFileError, match=f"{path.name} is no safetensors file"):
        cr.load(path)


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cr.ModelFileError, match=r"no model file at .*nowhere"):
        cr.load(tmp_path / "nowhere")
    with pytest.raises(cr.ModelFileError, match="is no safetensors file"):
        cr.load(tmp_path)


def test_someone_elses_safetensors_file_is_refused(path: Path) -> None:
    save_file({"weight": np.ones(3)}, path)
    with pytest.raises(cr.ModelFileError, match="is a safetensors file, but not from chainrule"):
        cr.load(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"0.b": None}, r"lacks the parameter 0.b \(6,\)"),
        ({"0.W": None, "0.weight": np.ones((4, 6), "f4")}, r"lacks the parameter 0.W \(4, 6\)"),
        ({"9.W": np.ones(2, "f4")}, "holds 9.W, which its layers do not have"),
        (
            {"0.W": np.ones((6, 4), "f4")},
            r"0.W should be float32 \(4, 6\), but is float32 \(6, 4\)",
        ),
        ({"0.W": np.ones((4, 6), "i4")}, "0.W should be float32 .* but is int32"),
        ({"2.b": np.array([0, np.nan, 0], "f4")}, "2.b holds numbers that are not finite"),
    ],
)
def test_arrays_that_do_not_fit_the_layers_are_named(path: Path, arrays: Any, message: str) -> None:
    rewrite(path, **arrays)
    with pytest.raises(cr.ModelFileError, match=message):
        cr.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"format": 2, "version": "9.0"},
            "has format 2, written by chainrule 9.0; .* update chainrule",
        ),
        ({"format": "one"}, "has format one"),
        ({"network": {"type": "Dens", "units": 3}}, 'unknown layer "Dens": did you mean "Dense"'),
        ({"network": {"type": "their:Layer"}}, "defined outside chainrule: import their"),
        ({"network": {"type": "Adam"}}, 'unknown layer "Adam"'),
        ({"network": {"type": "Dense", "units": -1}}, "units must be a positive integer"),
        ({"network": {"type": "Dense"}}, "has a damaged header"),
        ({"network": None}, "damaged header|network must be a Layer"),
        ({"loss": {"type": "Dense", "units": 3}}, 'unknown loss "Dense"'),
        ({"input_shape": [4, 4]}, 'at "0" expected'),
        ({"input_shape": 4}, "has a damaged header"),
        ({"dtype": "float16"}, "dtype must be"),
        ({"targets": {"kind": "odd"}}, "unknown kind of targets"),
        ({"history": {}}, "has a damaged header"),
        ({"steps": "many"}, "has a damaged header"),
        ({"trainable": ["9.*"]}, 'unknown parameter "9.*"'),
    ],
)
def test_a_header_that_cannot_be_meant_is_refused(path: Path, change: Any, message: str) -> None:
    rewrite(path, contents(path)[0] | change)
    with pytest.raises(cr.ModelFileError, match=message):
        cr.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', "{}"])
def test_a_header_that_is_no_json_object_is_refused(path: Path, text: str) -> None:
    save_file(contents(path)[1], path, {KEY: text})
    with pytest.raises(cr.ModelFileError, match="has a damaged header"):
        cr.load(path)


@pytest.mark.parametrize("missing", ["network", "loss", "optimizer", "seed", "targets", "training"])
def test_a_header_without_an_entry_is_refused(path: Path, missing: str) -> None:
    header = contents(path)[0]
    del header[missing]
    rewrite(path, header)
    with pytest.raises(cr.ModelFileError, match=f"has a damaged header: KeyError.*{missing}"):
        cr.load(path)


def test_a_users_layer_is_found_once_its_module_is_imported(tmp_path: Path) -> None:
    @dataclass(frozen=True, repr=False)
    class Twice(cr.Scale):
        factor: float = 2.0

    cr.Model(cr.Sequential(Twice(), cr.Dense(1)), cr.SquaredError(), input_shape=(2,)).save(
        tmp_path / "model"
    )
    assert cr.load(tmp_path / "model").network == cr.Sequential(Twice(), cr.Dense(1))


def test_a_loaded_model_trains_on(path: Path) -> None:
    loaded = cr.load(path)
    history = loaded.fit(X, np.array(["cat", "dog", "owl"])[Y], 2, 8, verbose=0, engine="numpy")
    assert history.epochs == 5
    assert loaded.state.step == 20
