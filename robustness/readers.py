"""Every reader of files, with good files to damage: its part of the corpus."""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import chainrule as cr
from chainrule.cli import settings
from chainrule.data.readers import csv, idx, images, npz
from chainrule.data.storage import open_stored
from chainrule.explaining.board_file import read_board
from chainrule.interop.frameworks import save_weights
from chainrule.interop.frameworks.theirs import from_file
from robustness import inside

CORPUS = Path(__file__).parent / "corpus"


class Reader(NamedTuple):
    """What reads a file, the name of its files, and what changes them within their frame.

    `needs` are modules of extras, without which the reader is left out; `share` is how many
    of the inputs it gets, fewer where a reader takes its time for each.
    """

    read: Callable[[Path], Any]
    name: str
    inside: Callable[..., bytes] | None = None
    needs: tuple[str, ...] = ()
    share: float = 1.0


NETWORKS: dict[str, tuple[cr.Sequential, tuple[int, ...]]] = {
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
X, Y = np.arange(24.0).reshape(6, 4), np.arange(6) % 3


def training(name: str, checkpoint: cr.Checkpoint) -> cr.Model:
    """Train one of the networks for two epochs, or go on with it."""
    network, shape = NETWORKS[name]
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(cr.Cosine(0.01, 9)))
    callbacks = [checkpoint, cr.EarlyStopping("loss", 5)]
    inputs = np.resize(X, (6, *shape))
    model.fit(inputs, Y, 2, 3, verbose=0, engine="numpy", callbacks=callbacks)
    return model


def resume(path: Path) -> cr.Model:
    """Go on from the checkpoint in the folder of `path`, as the training that wrote it."""
    content = path.read_bytes()
    name = "images" if b"Conv2D" in content else "branches" if b"Residual" in content else "dense"
    try:
        return training(name, cr.Checkpoint(path.parent, resume=True, keep=1))
    finally:
        for other in path.parent.iterdir():  # which the training may have written
            if other != path:
                other.unlink()


def table(path: Path) -> Any:
    """Read a table as `train` does: decide on its columns, then encode its rows."""
    from chainrule.tables.source import open_source
    from chainrule.tables.survey import survey, target_of

    source = open_source(path)
    schema, _ = survey(source, target_of(source, None), {}, 0.2, 0.0, 0)
    return list(schema.read(source, targets=True))


def stored(path: Path) -> Any:
    """Open an array where it lies, and read it all."""
    x, _ = open_stored(path, labels=path)
    return x[:]


def batches(path: Path) -> Any:
    """Read a table of numbers in batches, as it is unpacked into rows."""
    with tempfile.TemporaryDirectory() as folder:
        x, y = open_stored(path, target="target", folder=folder)
        return x[:], y[:]


READERS = {
    "model": Reader(cr.load, "input.safetensors", inside.header),
    "checkpoint": Reader(resume, "step-0000000004.safetensors", inside.header, share=0.5),
    "weights": Reader(from_file, "input.safetensors"),
    "hdf5": Reader(from_file, "input.weights.h5", None, ("h5py",), 0.01),
    "idx": Reader(idx.read_array, "input.idx", inside.packed),
    "stored-idx": Reader(stored, "input.idx"),
    "npy": Reader(stored, "input.npy"),
    "npz": Reader(npz.read, "input.npz", inside.members),
    "csv": Reader(csv.read, "input.csv", inside.packed),
    "table": Reader(table, "input.csv", inside.packed, ("polars",), 0.2),
    "parquet": Reader(table, "input.parquet", None, ("polars",), 0.1),
    "arrow": Reader(table, "input.arrow", None, ("polars",), 0.1),
    "stored-parquet": Reader(batches, "input.parquet", None, ("pyarrow",), 0.1),
    "stored-arrow": Reader(batches, "input.arrow", None, ("pyarrow",), 0.1),
    "image": Reader(lambda path: images.read_files([path]), "input.png", None, ("PIL",)),
    "toml": Reader(settings.read, "input.toml"),
    "board": Reader(read_board, "input.toml", share=0.2),
    "onnx": Reader(cr.load_onnx, "input.onnx", None, ("onnx",), 0.5),
}


def available() -> list[str]:
    """Return the readers whose extras are installed."""
    return [name for name, reader in READERS.items() if all(map(find_spec, reader.needs))]


def seeds(name: str) -> list[bytes]:
    """Return the good files of a reader, and what once was a bug, from the corpus."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def write_corpus() -> None:
    """Make the good files; `python -m robustness.readers` writes them anew."""
    for name in READERS:
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for name in NETWORKS:
        checkpoint = cr.Checkpoint(CORPUS / "checkpoint" / name, keep=1)
        model = training(name, checkpoint)
        model.save(CORPUS / "model" / f"{name}.safetensors")
        model.export_onnx(CORPUS / "onnx" / f"{name}.onnx")
        save_weights(model, CORPUS / "weights" / f"{name}.safetensors", "torch")
        if name != "branches":  # which such a file cannot hold
            save_weights(model, CORPUS / "hdf5" / f"{name}.weights.h5", "keras")
        checkpoint.files()[0].rename(CORPUS / "checkpoint" / f"{name}.safetensors")
        (CORPUS / "checkpoint" / name).rmdir()
    pixels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    files = {
        "idx/images.idx": idx.to_bytes(pixels),
        "idx/packed.idx": gzip.compress(idx.to_bytes(pixels.astype(np.float32)), mtime=0),
        "csv/header.csv": b"a,b,target\n1,2.5,cat\n3,-4e2,dog\n5,6,cat\n",
        "csv/mnist.csv": b"7,0,255,3\n1,2,3,4\n",
        "csv/quoted.csv": b'"a; b";c;label\n"1";2;"x ""y"""\n3;4;z\n',
        "stored-idx/images.idx": idx.to_bytes(pixels),
        "npy/floats.npy": _npy(np.arange(12.0).reshape(4, 3)),
        "npy/turned.npy": _npy(np.asfortranarray(pixels)),
        "table/flats.csv": _table(40),
        "table/packed.csv.gz": gzip.compress(_table(25), mtime=0),
        "toml/settings.toml": b'data = "digits"\nlayers = [64, 32]\nlearning-rate = 1e-3\n',
        "npz/stored.npz": _npz(np.savez),
        "npz/packed.npz": _npz(np.savez_compressed),
    }
    for name, content in files.items():
        (CORPUS / name).write_bytes(content)
    for board in (CORPUS.parent.parent / "examples" / "boards").glob("*.toml"):
        (CORPUS / "board" / board.name).write_bytes(board.read_bytes())
    _tables()
    _without_header(CORPUS / "onnx")
    from PIL import Image

    for ending in ("png", "bmp", "gif", "jpg", "tif"):
        Image.fromarray(pixels[0]).save(CORPUS / "image" / f"grey.{ending}")


def _tables() -> None:
    """Write Parquet and Arrow files of all kinds of columns, packed in all kinds of ways."""
    import polars as pl
    import pyarrow as pa
    from pyarrow import ipc, parquet

    flats = pl.read_csv(_table(40), try_parse_dates=True).with_columns(
        pl.col("town").cast(pl.Categorical), even=pl.col("size") % 2 == 0, note=pl.lit("x")
    )
    numbers = pl.DataFrame({"a": X[:, 0], "b": X[:, 1].astype(np.int32), "target": Y})
    for packing in ("uncompressed", "snappy", "gzip", "zstd"):
        path = CORPUS / "parquet" / f"{packing}.parquet"
        flats.write_parquet(path, compression=packing, row_group_size=25)
    for packing in ("uncompressed", "lz4", "zstd"):
        flats.write_ipc(CORPUS / "arrow" / f"{packing}.arrow", compression=packing)
    nested = flats.with_columns(pair=pl.concat_list("size", "target"))
    nested.write_parquet(CORPUS / "parquet" / "found-lists.parquet")
    rows = numbers.to_arrow()
    for packing in ("none", "snappy", "zstd"):
        path = CORPUS / "stored-parquet" / f"{packing}.parquet"
        parquet.write_table(rows, path, row_group_size=4, compression=packing)
    for packing in (None, "lz4", "zstd"):
        path = CORPUS / "stored-arrow" / f"{packing or 'none'}.arrow"
        with ipc.new_file(
            path, rows.schema, options=pa.ipc.IpcWriteOptions(compression=packing)
        ) as f:
            f.write_table(rows, max_chunksize=4)


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


def _npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _table(rows: int) -> bytes:
    towns = ("Bern", "Rome", '"Aix, Provence"')
    lines = ["size,town,when,new,target"]
    lines += [
        f"{20 + 3 * i % 50},{towns[i % 3]},2024-0{1 + i % 9}-1{i % 10},{'yes' if i % 2 else ''},"
        f"{100 + i * i % 37}.5"
        for i in range(rows)
    ]
    return "\n".join(lines).encode() + b"\n"


def _npz(save: Any) -> bytes:
    buffer = io.BytesIO()
    save(buffer, x_train=np.arange(12.0).reshape(4, 3), y_train=np.array([0, 1, 0, 1]))
    return buffer.getvalue()


if __name__ == "__main__":
    write_corpus()
