"""Every reader of files, with good files to damage: its part of the corpus."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
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
}


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
    from PIL import Image

    for ending in ("png", "bmp", "gif", "jpg", "tif"):
        Image.fromarray(pixels[0]).save(CORPUS / "image" / f"grey.{ending}")


def _npz(save: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer, x_train=np.arange(12.0).reshape(4, 3), y_train=np.array([0, 1, 0, 1]))
    return buffer.getvalue()


if __name__ == "__main__":
    write_corpus()
