"""Weights from elsewhere fit to the last one, or nothing is changed and the misfit is named."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

import chainrule as cr
from chainrule.interop.frameworks import prove, save_weights, take_weights, weights_for
from small import classification, classifier, same_bits


def state() -> dict[str, Any]:
    """Return a state_dict for `classifier` under names of its own."""
    rng = np.random.default_rng(4)
    shapes = {"fc2.weight": (6, 4), "fc2.bias": (6,), "fc10.weight": (3, 6), "fc10.bias": (3,)}
    return {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}


def test_layers_are_found_in_order() -> None:
    model, given = classifier(input_shape=(4,)), state()
    report = take_weights(model, given)
    assert report == {
        "0.W": "fc2.weight", "0.b": "fc2.bias", "2.W": "fc10.weight", "2.b": "fc10.bias",
    }  # fmt: skip
    np.testing.assert_array_equal(model.parameters["0.W"], given["fc2.weight"].T)


def test_a_file_keeps_no_order_but_numbers_do(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "net.safetensors")
    model = classifier(input_shape=(4,))
    assert take_weights(model, tmp_path / "net.safetensors")["2.W"] == "fc10.weight"


def test_layers_are_found_by_the_names_that_are_said() -> None:
    given = {f"z{n}" if n.startswith("fc2") else f"a{n}": a for n, a in reversed(state().items())}
    model = classifier(input_shape=(4,))
    with pytest.raises(cr.ModelFileError, match=r"afc10.weight should be \(6, 4\) for 0.W"):
        take_weights(model, given)
    assert take_weights(model, given, {"0": "zfc2", "2": "afc10"})["0.b"] == "zfc2.bias"
    with pytest.raises(cr.ConfigurationError, match="there is no zfc3"):
        take_weights(model, given, {"0": "zfc3", "2": "afc10"})
    with pytest.raises(cr.ConfigurationError, match="nothing is said for layer2"):
        take_weights(model, given, {"0": "zfc2"})


def test_what_is_given_comes_back(tmp_path: Path) -> None:
    model, other = classifier(input_shape=(4,)), classifier(input_shape=(4,), seed=1)
    save_weights(model, tmp_path / "net.safetensors")
    take_weights(other, tmp_path / "net.safetensors")
    assert same_bits(model, other)
    keras = classifier(input_shape=(4,), seed=2)
    take_weights(keras, list(weights_for(model, "keras").values()))
    assert same_bits(model, keras)


def test_hdf5_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    network = cr.Sequential(
        cr.Standardize(), cr.Dense(3), cr.BatchNorm(), cr.Dense(4), cr.PReLU(), cr.LayerNorm()
    )
    models = [cr.Model(network, cr.SquaredError(), seed=s, input_shape=(2,)) for s in (0, 1)]
    models[0].adapt(np.random.default_rng(0).random((5, 2)))
    save_weights(models[0], tmp_path / "net.weights.h5")
    take_weights(models[1], tmp_path / "net.weights.h5")
    x = np.array([[0.25, 4.0]])
    np.testing.assert_array_equal(models[0].predict(x), models[1].predict(x))
    branched = cr.Model(cr.Residual(cr.Dense(2)), cr.SquaredError(), input_shape=(2,))
    with pytest.raises(cr.ConfigurationError, match="branches"):
        save_weights(branched, tmp_path / "net.weights.h5")


def without(name: str) -> dict[str, Any]:
    return {n: a for n, a in state().items() if n != name}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (without("fc2.weight"), r"lacks fc2.weight \(6, 4\), needed for 0.W; fc2 has bias"),
        ({**state(), "fc2.weight": np.ones((6, 5))}, r"fc2.weight should be \(6, 4\) for 0.W"),
        ({**state(), "fc2.scale": np.ones(6)}, "holds fc2.scale, which 0.W has no place for"),
        ({**state(), "fc11.weight": np.ones((2, 3))}, r"has 3 layers with weights .*the network 2"),
        ({**state(), "fc2.bias": np.full(6, np.nan)}, "fc2.bias holds numbers that are not finite"),
        ({**state(), "fc2.bias": np.array(["a"])}, "fc2.bias must be numbers"),
        ({"layer0.weight": np.ones((6, 4)), "layer2.weight": np.ones((3, 6)),
          "layer3.weight": np.ones((1, 1))}, "holds layer3, which the network has not"),
        ([np.ones((4, 6))], r"has 1 arrays, the network needs 4: layer0.kernel"),
        (3, "expected a PyTorch module"),
        ("none.safetensors", "no weights file at none.safetensors"),
    ],
)  # fmt: skip
def test_a_misfit_is_named_and_nothing_changes(source: Any, message: str) -> None:
    model = classifier(input_shape=(4,))
    before = {n: p.copy() for n, p in model.parameters.items()}
    with pytest.raises(cr.ChainruleError, match=message):
        take_weights(model, source)
    assert all(np.array_equal(before[n], p) for n, p in model.parameters.items())


def test_a_layer_without_a_bias_gets_zeros() -> None:
    model = classifier(input_shape=(4,))
    model.set_parameters({"0.b": np.ones(6)})
    assert take_weights(model, without("fc2.bias"))["0.b"] == "none: zeros"
    assert not model.parameters["0.b"].any()


@pytest.mark.parametrize("name", ["net.safetensors", "net.weights.h5", "net.pt"])
@pytest.mark.parametrize("keep", [0, 1, 20, 100, 300])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, keep: int) -> None:
    pytest.importorskip({"net.pt": "torch", "net.weights.h5": "h5py"}.get(name, "safetensors"))
    path, model = tmp_path / name, classifier(input_shape=(4,))
    if name == "net.pt":
        import torch

        torch.save({n: torch.tensor(a) for n, a in state().items()}, path)
        assert len(take_weights(model, path)) == 4
    else:
        save_weights(model, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(cr.ModelFileError, match="damaged"):
        take_weights(model, path)


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_no_code_in_a_file_is_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path, trace = tmp_path / "net.pt", tmp_path / "trace"
    for write in (torch.save, lambda value, p: Path(p).write_bytes(pickle.dumps(value))):
        write({"fc.weight": Trap(trace)}, path)
        with pytest.raises(cr.ModelFileError, match="holds no plain weights"):
            take_weights(classifier(input_shape=(4,)), path)
    assert not trace.exists()


def test_a_pytorch_cnn_comes_over_and_is_proved() -> None:
    torch = pytest.importorskip("torch")
    nn = torch.nn
    torch.manual_seed(0)
    theirs = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(16, 5), nn.Tanh(), nn.Linear(5, 3),
    ).double()  # fmt: skip
    theirs(torch.rand(8, 3, 4, 4, dtype=torch.float64))  # moves the running numbers
    network = cr.Sequential(
        cr.Conv2D(4, 3, padding="same"), cr.BatchNorm(), cr.ReLU(), cr.MaxPool(),
        cr.Flatten(), cr.Dense(5), cr.Tanh(), cr.Dense(3),
    )  # fmt: skip
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4, 4, 3), dtype="float64")
    assert take_weights(model, theirs)["running.1.mean"] == "1.running_mean"
    x, y = np.random.default_rng(0).random((6, 4, 4, 3)), [0, 1, 2, 2, 1, 0]
    proof = prove(model, x, y, "torch", theirs)
    assert proof.worst < 1e-12
    assert set(proof.gradients) == {*model.parameters, "X"}
    assert theirs.training
    model.fit(x, y, epochs=1, verbose=0)
    assert prove(model, x, y, "torch", theirs).worst > 1e-6, "a proof that fails when it should"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_keras_models_come_over_and_go_back(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    layers = keras.layers
    theirs = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.BatchNormalization(epsilon=1e-5),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(5, name="a"),
            layers.LayerNormalization(epsilon=1e-5),
            layers.Dense(4, activation="tanh", name="b"),
            layers.Dense(3),
        ]
    )
    rng = np.random.default_rng(0)
    theirs.set_weights([abs(rng.normal(size=w.shape)) + 0.1 for w in theirs.get_weights()])
    network = cr.Sequential(
        cr.Conv2D(3, 3), cr.ReLU(), cr.BatchNorm(), cr.MaxPool(), cr.Flatten(),
        cr.Dense(5), cr.LayerNorm(), cr.Dense(4), cr.Tanh(), cr.Dense(3),
    )  # fmt: skip
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    x, y = rng.random((6, 6, 6, 2)), [0, 1, 2, 2, 1, 0]
    for source in (theirs, theirs.get_weights(), tmp_path / "theirs.weights.h5"):
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(6, 6, 2))
        assert len(take_weights(model, source)) == 14
        proof = prove(model, x, y, "keras", theirs)
        assert proof.worst < 1e-5, str(proof)
        assert set(proof.gradients) == {*model.parameters, "X"}
    model.fit(x, y, epochs=1, verbose=0)
    assert prove(model, x, y, "keras", theirs).worst > 1e-5
    save_weights(model, tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    assert prove(model, x, y, "keras", theirs).worst < 1e-5


def test_labels_and_their_names_stay() -> None:
    x, y = classification()
    model = classifier()
    model.fit(x, np.array(["a", "b", "c"])[y], epochs=1, verbose=0)
    take_weights(model, state())
    assert set(model.predict(x)) <= {"a", "b", "c"}
