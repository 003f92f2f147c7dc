"""Whatever the storage, a training sees the same minibatches and ends with the same weights."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.data import FromFunction, open_stored, spool
from chainrule.data.readers import idx
from chainrule.engines import pieces
from chainrule.engines.pieces import Pieces
from chainrule.step import Data
from chainrule.stored import Mapped

N = 150
X = (np.arange(N * 6).reshape(N, 6) * 7919 % 251).astype(np.float32)
Y = (X.sum(axis=1) % 3).astype(np.int64)


def trained(x, y, engine="numpy", **options):
    network = cr.Sequential(cr.Standardize(), cr.Dense(8), cr.ReLU(), cr.Dropout(0.2), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), seed=4)
    model.fit(x, y, epochs=3, batch_size=32, engine=engine, verbose=0, **options)
    return np.concatenate([p.ravel() for p in model.parameters.values()]), model


def npy(folder):
    np.save(folder / "x.npy", X)
    np.save(folder / "y.npy", Y)
    return open_stored(folder / "x.npy", folder / "y.npy")


def idx_files(folder):
    (folder / "x.idx").write_bytes(idx.to_bytes(X))
    (folder / "y.idx").write_bytes(idx.to_bytes(Y.astype(np.uint8)))
    return open_stored(folder / "x.idx", folder / "y.idx")


def table(folder, ending):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import ipc, parquet

    columns = {f"c{i}": X[:, i] for i in range(6)} | {"label": Y}
    rows, path = pa.table(columns), folder / f"t{ending}"
    if ending == ".parquet":
        parquet.write_table(rows, path, row_group_size=40)
    else:
        with ipc.new_file(path, rows.schema) as file:
            file.write_table(rows, max_chunksize=40)
    return open_stored(path, target="label")


STORAGES = {
    "memory map": lambda folder: (np.load(_saved(folder), mmap_mode="r"), Y),
    "npy": npy,
    "idx": idx_files,
    "parquet": lambda folder: table(folder, ".parquet"),
    "arrow": lambda folder: table(folder, ".arrow"),
    "iterable": lambda folder: open_stored(zip(X, Y, strict=True), folder=folder),
    "function": lambda folder: (FromFunction(lambda rows: X[rows], X.shape, "float32"), Y),
}


def _saved(folder):
    np.save(folder / "m.npy", X)
    return folder / "m.npy"


@pytest.mark.parametrize("engine", ["numpy", "xla"])
@pytest.mark.parametrize("storage", STORAGES)
def test_the_weights_are_those_of_data_in_memory(storage, engine, tmp_path, monkeypatch):
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    monkeypatch.setattr(pieces, "BYTES_AT_ONCE", 2 * 32 * X[:1].nbytes)  # two steps a piece
    x, y = STORAGES[storage](tmp_path)
    ours, model = trained(x, y, engine)
    theirs, other = trained(X, Y, engine)
    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(model.predict(x), other.predict(X))
    assert model.evaluate(x, y) == other.evaluate(X, Y)


def test_held_out_samples_are_the_same_and_so_is_their_loss(tmp_path):
    x, y = npy(tmp_path)
    _, ours = trained(x, y, validation_split=0.2)
    _, theirs = trained(X, Y, validation_split=0.2)
    assert ours.history.curves == theirs.history.curves


def test_images_are_decoded_when_they_are_read(tmp_path):
    image = pytest.importorskip("PIL.Image")
    for name, value in (("a", 10), ("b", 200)):
        (tmp_path / name).mkdir()
        image.fromarray(np.full((4, 5), value, np.uint8)).save(tmp_path / name / "1.png")
    x, y = open_stored(tmp_path)
    assert (x.shape, x.dtype, list(y)) == ((2, 4, 5), np.dtype(np.uint8), ["a", "b"])
    assert x[[1]].max() == 200


def test_a_piece_is_read_ahead_and_only_its_own_columns():
    seen = []
    x = FromFunction(lambda rows: seen.append(rows) or X[rows], X.shape, "float32")
    feeder = Pieces(Data(x, Y), own=lambda m: slice(0, m // 2))
    piece, first = feeder.at(np.arange(N).reshape(-1, 10), 3)
    feeder.pool.shutdown()
    assert (first, len(piece.X)) == (0, 75)
    assert all(row % 10 < 5 for rows in seen for row in rows)


def test_a_number_that_is_not_finite_is_named_when_it_is_read(tmp_path):
    bad = X.copy()
    bad[77, 3] = np.nan
    np.save(tmp_path / "x.npy", bad)
    with pytest.raises(cr.DataError, match="not finite"):
        trained(np.load(tmp_path / "x.npy", mmap_mode="r"), Y)


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([], "no samples"),
        ([(X[:2], Y[:3])], "3 targets"),
        ([(X[:2], Y[:2]), (X[:2, :4], Y[:2])], "expected samples of shape"),
        ([(X[:2].astype(int), Y[:2]), (X[:2] + 0.5, Y[:2])], "expected int64"),
    ],
)
def test_blocks_that_do_not_fit_are_refused_and_leave_no_file(blocks, said, tmp_path):
    with pytest.raises(cr.DataError, match=said):
        spool(blocks, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_blocks_that_cannot_be_made_leave_no_file(tmp_path):
    def broken():
        yield X[:2], Y[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool(broken(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells the pages of a process")
def test_pages_of_a_mapped_file_are_given_back(tmp_path):
    def mapped_megabytes():
        return int(Path("/proc/self/statm").read_text().split()[2]) * mmap.PAGESIZE / 1e6

    np.save(tmp_path / "x.npy", np.ones((10_000, 1000), np.float32))
    stored, before = Mapped(np.load(tmp_path / "x.npy", mmap_mode="r")), mapped_megabytes()
    stored[np.random.default_rng(0).permutation(10_000)[:1024]]
    assert mapped_megabytes() - before < 10  # of 40; without, all would be there by now


def test_the_temporary_files_go_with_the_arrays(tmp_path):
    x, y = spool([(X, Y)], tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    del x, y
    assert list(tmp_path.iterdir()) == []
