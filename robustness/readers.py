"""Every reader of files, with good files to damage: its part of the corpus."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.cli import settings
from chainrule.data.readers import csv, idx, images, npz

CORPUS = Path(__file__).parent / "corpus"


class Reader(NamedTuple):
    """What reads a file, and the ending that its files have."""

    read: Callable[[Path], Any]
    ending: str


def resume(path: Path) -> Any:
    """Open a checkpoint as a training does."""
    from chainrule.training.callbacks.checkpoint import newest

    return newest([path])


READERS = {
    "model": Reader(cr.load, ".safetensors"),
    "checkpoint": Reader(resume, ".safetensors"),
    "idx": Reader(idx.read_array, ".idx"),
    "csv": Reader(csv.read, ".csv"),
    "npz": Reader(npz.read, ".npz"),
    "image": Reader(lambda path: images.read_files([path]), ".png"),
    "toml": Reader(settings.read, ".toml"),
    "onnx": Reader(cr.load_onnx, ".onnx"),
}
EXTRAS = {"onnx": "onnx", "image": "PIL"}  # the packages without which a reader has no work
if find_spec("onnx") is not None:
    import onnx  # noqa: F401  (its libraries are there before memory is bounded)


def present(name: str) -> bool:
    """Say whether what a reader needs is installed."""
    return name not in EXTRAS or find_spec(EXTRAS[name]) is not None


def seeds(name: str) -> list[bytes]:
    """Return the good files of a reader, and what once was a bug, from the corpus."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def write_corpus() -> None:
    """Make the good files; `python -m robustness.readers` writes them anew."""
    x, y = np.arange(24.0).reshape(6, 4), np.arange(6) % 3
    for name in READERS:
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    networks = {
        "dense": (cr.Sequential(cr.Standardize(), cr.Dense(5), cr.ReLU(), cr.Dense(3)), (4,)),
        "images": (
            cr.Sequential(cr.Conv2D(2, 3), cr.BatchNorm(), cr.MaxPool(2), cr.Flatten(),
                          cr.Dropout(0.5), cr.Dense(3)),
            (6, 6, 1),
        ),
        "branches": (
            cr.Sequential(cr.Residual(cr.Sequential(cr.Dense(4), cr.Tanh())), cr.Dense(3)), (4,)
        ),
    }  # fmt: skip
    for name, (network, shape) in networks.items():
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(cr.Cosine(0.01, 9)))
        inputs = np.resize(x, (6, *shape))
        checkpoint = cr.Checkpoint(CORPUS / "checkpoint" / name, keep=1)
        model.fit(inputs, y, 2, 3, verbose=0, engine="numpy", callbacks=[checkpoint])
        model.save(CORPUS / "model" / f"{name}.safetensors")
        model.export_onnx(CORPUS / "onnx" / f"{name}.onnx")
        checkpoint.files()[0].rename(CORPUS / "checkpoint" / f"{name}.safetensors")
        (CORPUS / "checkpoint" / name).rmdir()
    pixels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    files = {
        "idx/images.idx": idx.to_bytes(pixels),
        "idx/packed.idx": gzip.compress(idx.to_bytes(pixels.astype(np.float32)), mtime=0),
        "csv/header.csv": b"a,b,target\n1,2.5,cat\n3,-4e2,dog\n5,6,cat\n",
        "csv/mnist.csv": b"7,0,255,3\n1,2,3,4\n",
        "csv/quoted.csv": b'"a; b";c;label\n"1";2;"x ""y"""\n3;4;z\n',
        "toml/settings.toml": b'data = "digits"\nlayers = [64, 32]\nlearning-rate = 1e-3\n',
        "npz/stored.npz": _npz(np.savez),
        "npz/packed.npz": _npz(np.savez_compressed),
    }
    for name, content in files.items():
        (CORPUS / name).write_bytes(content)
    _without_header(CORPUS / "onnx")
    from PIL import Image

    for ending in ("png", "bmp", "gif", "jpg", "tif"):
        Image.fromarray(pixels[0]).save(CORPUS / "image" / f"grey.{ending}")


def _without_header(folder: Path) -> None:
    """Write each file of ours a second time as another tool's: the graph alone."""
    import onnx

    for path in sorted(folder.glob("*.onnx")):
        if not path.stem.startswith("graph-"):
            file = onnx.load(path)
            del file.metadata_props[:]
            onnx.save(file, path.with_stem(f"graph-{path.stem}"))
    make, whole = onnx.helper.make_node, {"coefficients": [0.5] * 12, "intercepts": [1.0] * 3}
    nodes = [
        make("Scaler", ["x"], ["h"], "s", offset=[1.0], scale=[2.0], domain="ai.onnx.ml"),
        make("LinearClassifier", ["h"], ["label", "y"], "c", classlabels_ints=[3, 4, 5],
             post_transform="SOFTMAX", domain="ai.onnx.ml", **whole),
    ]  # fmt: skip
    ports = [onnx.helper.make_tensor_value_info(n, 1, ("m", k)) for n, k in (("x", 4), ("y", 3))]
    graph = onnx.helper.make_graph(nodes, "estimator", ports[:1], ports[1:])
    opsets = [onnx.helper.make_opsetid("ai.onnx.ml", 3), onnx.helper.make_opsetid("", 20)]
    file = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.save(file, folder / "graph-estimator.onnx")


def _npz(save: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer, x_train=np.arange(12.0).reshape(4, 3), y_train=np.array([0, 1, 0, 1]))
    return buffer.getvalue()


if __name__ == "__main__":
    write_corpus()
