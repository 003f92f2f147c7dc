"""Networks of PyTorch, Keras and scikit-learn: imported, equal, and trained for an epoch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("onnx")


def mlp(nn: Any) -> tuple[Any, tuple[int, ...]]:
    layers = (nn.Linear(5, 8), nn.ReLU(), nn.LayerNorm(8), nn.SiLU(), nn.Linear(8, 3))
    return nn.Sequential(*layers), (5,)


def lenet(nn: Any) -> tuple[Any, tuple[int, ...]]:
    trunk = (nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5))
    head = (nn.Linear(400, 120), nn.Tanh(), nn.Dropout(), nn.Linear(120, 10))
    layers = (*trunk, nn.Tanh(), nn.AvgPool2d(2), nn.Flatten(), *head)
    return nn.Sequential(*layers), (1, 28, 28)


def block(nn: Any) -> tuple[Any, tuple[int, ...]]:
    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(4))
            self.body = nn.Sequential(
                nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
                nn.Conv2d(4, 4, 3, padding=1),
            )  # fmt: skip
            self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            return self.head(nn.functional.relu(x + self.body(x)))

    return Block(), (3, 8, 8)


def viewed(nn: Any) -> tuple[Any, tuple[int, ...]]:
    class Viewed(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(2, 3, 3), nn.Linear(108, 2)

        def forward(self, x: Any) -> Any:
            x = nn.functional.gelu(self.conv(x))
            return self.head(x.view(x.size(0), -1))

    return Viewed(), (2, 8, 8)


def inverted(nn: Any) -> tuple[Any, tuple[int, ...]]:
    """Return what MobileNets are made of: depthwise convolutions, ReLU6, a shortcut."""

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            norm = nn.BatchNorm2d
            self.body = nn.Sequential(
                nn.Conv2d(4, 6, 1, bias=False), norm(6), nn.ReLU6(),
                nn.Conv2d(6, 6, 3, padding=1, groups=6, bias=False), norm(6), nn.ReLU6(),
                nn.Conv2d(6, 4, 1, bias=False), norm(4),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            return x + self.body(x)

    stem = (nn.Conv2d(3, 4, 3, 2, 1), Block(), nn.MaxPool2d(3, 2, ceil_mode=True))
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    return nn.Sequential(*stem, *head), (3, 16, 16)


@pytest.mark.parametrize("exporter", ["traced", "dynamo"])
@pytest.mark.parametrize("make", [mlp, lenet, block, viewed, inverted])
def test_pytorch(make: Any, exporter: str, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if exporter == "dynamo":
        pytest.importorskip("onnxscript")
    torch.manual_seed(0)
    net, shape = make(torch.nn)
    for buffer in net.buffers():
        if buffer.dtype.is_floating_point:
            buffer += 0.25
    net.eval()
    images, path = torch.randn(16, *shape), str(tmp_path / "m.onnx")
    if exporter == "dynamo":
        sizes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(net, (images[:2],), path, dynamo=True, dynamic_shapes=sizes)
    else:
        axes = {"x": {0: "batch"}}
        torch.onnx.export(
            net, (images[:2],), path, dynamo=False, input_names=["x"], dynamic_axes=axes
        )
    x = images.numpy() if len(shape) == 1 else np.moveaxis(images.numpy(), 1, -1)
    agrees_and_learns(path, x, net(images).detach().numpy(), cr.SoftmaxCrossEntropy())


def agrees_and_learns(path: str, x: Any, expected: Any, loss: cr.Loss) -> None:
    model = cr.load_onnx(path, loss)
    np.testing.assert_allclose(model.outputs(x), expected, atol=1e-5, rtol=1e-5)
    y = np.arange(len(x)) % 2
    history = model.fit(x, y, epochs=3, batch_size=8, verbose=0)
    assert history["loss"][-1] < history["loss"][0]


@pytest.fixture
def keras() -> Any:
    """Keras on PyTorch, from which it writes ONNX."""
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    if keras.backend.backend() != "torch":
        pytest.skip("Keras writes ONNX from PyTorch here")
    return keras


def exported_agrees(net: Any, tmp_path: Path) -> str:
    """Return the path of the file that the network was written to."""
    x = np.random.default_rng(0).normal(size=(12, 8, 8, 2)).astype("float32")
    path = str(tmp_path / "m.onnx")
    expected = net.predict(x, verbose=0)
    net.export(path, format="onnx", verbose=False)
    agrees_and_learns(path, x, expected, cr.SoftmaxCrossEntropy())
    return path


def test_keras(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    net = keras.Sequential(
        [layers.Input((8, 8, 2)), layers.Conv2D(3, 3, activation="relu"), layers.MaxPooling2D(),
         layers.Flatten(), layers.Dense(4, activation="tanh"), layers.Dense(3)]
    )  # fmt: skip
    exported_agrees(net, tmp_path)


def test_keras_with_uneven_pads_and_groups(keras: Any, tmp_path: Path) -> None:
    layers = keras.layers
    net = keras.Sequential(
        [layers.Input((8, 8, 2)), layers.Conv2D(4, 3, strides=2, padding="same"),
         layers.ReLU(max_value=6), layers.DepthwiseConv2D(3, padding="same"),
         layers.BatchNormalization(), layers.MaxPooling2D(3, 2, padding="same"),
         layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )  # fmt: skip
    path = exported_agrees(net, tmp_path)
    network = repr(cr.load_onnx(path).network)
    assert "Conv2D(4, 3, 2, ((0, 1), (0, 1))), Clip()" in network
    assert "MaxPool(3, 2, ((0, 1), (0, 1)))" in network


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("zipmap", [True, False])
def test_scikit_learn(classes: int, zipmap: bool, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    from skl2onnx import to_onnx  # type: ignore[import-not-found]
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(0).normal(3, 2, (60, 4)).astype("float32")
    y = np.arange(60) % classes
    net = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=30)).fit(x, y)
    file = to_onnx(net, x[:1], options={"zipmap": zipmap})
    (tmp_path / "m.onnx").write_bytes(file.SerializeToString())
    model = cr.load_onnx(tmp_path / "m.onnx", cr.CrossEntropy())
    np.testing.assert_allclose(model.predict_proba(x), net.predict_proba(x), atol=1e-5)
    model.fit(x, y, epochs=1, verbose=0)
