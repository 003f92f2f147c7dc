"""Hostile files are refused, by name, within bounds; what SECURITY.md says is held here."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from robustness.fuzz import fuzz, problem
from robustness.readers import CORPUS, READERS, seeds
from safetensors.numpy import save_file

import chainrule as cr
from chainrule.data import samples
from chainrule.data.readers import csv, idx, images, npz
from chainrule.model_file import KEY, header

ROOT = CORPUS.parent.parent


@pytest.fixture(params=READERS)
def name(request: pytest.FixtureRequest) -> str:
    for module in READERS[request.param].needs:
        pytest.importorskip(module)
    return str(request.param)


def test_good_files_are_read_and_damaged_ones_refused(name: str, tmp_path: Path) -> None:
    good = [path for path in sorted((CORPUS / name).iterdir()) if "found" not in path.name]
    assert good
    for path in good:
        copy = tmp_path / READERS[name].name
        copy.write_bytes(path.read_bytes())
        READERS[name].read(copy)
    few = 8 if READERS[name].share < 0.05 else 60  # where a file may take half a second
    counts, problems = fuzz(name, range(few), 1, tmp_path)
    assert problems == []
    assert counts["refused"] > 0


def test_what_once_was_a_bug_is_none_any_more(name: str, tmp_path: Path) -> None:
    for content in seeds(name):
        path = tmp_path / READERS[name].name
        path.write_bytes(content)
        assert problem(READERS[name], path)[1] == ""


@pytest.mark.slow
def test_fifty_thousand_damaged_files() -> None:
    command = [sys.executable, "-m", "robustness.fuzz", "--inputs", "50000", "--seed", "2"]
    command += ["--jobs", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "0 problems, at most" in done.stdout


def model_file(path: Path, change: dict[str, Any]) -> Path:
    """Write a model whose header is changed, with arrays that are small."""
    model = cr.Model(cr.Dense(3), cr.SoftmaxCrossEntropy(), input_shape=(4,))
    arrays = {name: np.asarray(p) for name, p in model.parameters.items()}
    save_file(arrays, path, {KEY: json.dumps(header(model) | change)})
    return path


def nested(depth: int) -> dict[str, Any]:
    network: dict[str, Any] = {"type": "Dense", "units": 3}
    for _ in range(depth):
        network = {"type": "Residual", "layer": network}
    return network


@pytest.mark.parametrize(
    "change",
    [
        {"network": {"type": "Dense", "units": 10**9}},
        {"network": {"type": "Dense", "units": 10**30}},
        {"input_shape": [10**12]},
        {"network": nested(80)},
        {"network": {"type": "os:system", "command": "touch here"}},
        {"network": {"type": "CustomLoss", "function": "os.system"}},
        {"seed": 0.5},
        {"training": ["not", "settings"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_header_may_ask_for_nothing_that_the_file_does_not_hold(
    change: Any, tmp_path: Path
) -> None:
    with pytest.raises(cr.ModelFileError, match=r"hostile\.safetensors"):
        cr.load(model_file(tmp_path / "hostile.safetensors", change))
    assert [p.name for p in tmp_path.iterdir()] == ["hostile.safetensors"]


def test_a_header_that_announces_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes((2**62).to_bytes(8, "little") + b"{}")
    with pytest.raises(cr.ModelFileError, match="announces a header of"):
        cr.load(path)


def bomb(path: Path) -> Path:
    """Write a file of 100,000 equal bytes that is packed as well as it can be."""
    if path.suffix == ".npz":
        np.savez_compressed(path, x=np.zeros(100_000, np.uint8), y=np.zeros(100_000, np.uint8))
    elif path.suffix == ".png":
        pytest.importorskip("PIL.Image").new("L", (1000, 100)).save(path)
    elif path.suffix == ".gz" and "csv" in path.name:
        path.write_bytes(gzip.compress(b"a,b\n" + b"0,0\n" * 25_000))
    else:
        path.write_bytes(gzip.compress(idx.to_bytes(np.zeros((100, 1000), np.uint8))))
    return path


READ = {
    "bomb.npz": npz.read,
    "bomb.csv.gz": lambda path: csv.read(path, "b"),
    "bomb-images-idx2-ubyte.gz": idx.read_array,
    "bomb.png": lambda path: images.read_files([path]),
}


@pytest.mark.parametrize("name", READ)
def test_few_bytes_may_not_unpack_to_very_many(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bomb(tmp_path / name)
    READ[name](path)  # small enough, whatever the ratio
    monkeypatch.setattr(samples, "FREELY", 10_000)
    monkeypatch.setattr(samples, "MAX_RATIO", 20)
    with pytest.raises(cr.DataError, match=rf"{name}.*unpack to .* over 20 for each, the limit"):
        READ[name](path)


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_table_of_few_bytes_may_not_go_on_for_ever(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    from chainrule.data.storage.arrow import batches
    from chainrule.tables.arrow import frames

    path = tmp_path / f"bomb.{ending}"
    table = pl.DataFrame({"x": [0.0] * 100_000, "y": [1.0] * 100_000})
    table.write_parquet(path) if ending == "parquet" else table.write_ipc(path, compression="zstd")
    assert sum(len(part) > 0 for part in frames(path))
    monkeypatch.setattr(samples, "FREELY", 10_000)
    monkeypatch.setattr(samples, "MAX_RATIO", 20)
    for parts in (frames(path), batches(path, "y")):
        with pytest.raises(cr.DataError, match=rf"bomb\.{ending}, from row \d+ on: .*unpack to"):
            list(parts)


def test_members_of_an_archive_may_not_lie_over_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "over.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(100_000))
        for i in range(9):  # entries of the directory that share one place
            archive.filelist.append(archive.filelist[0])
            archive.NameToInfo[f"x{i}.npy"] = archive.filelist[0]
    monkeypatch.setattr(samples, "MAX_BYTES", 900_000)
    with pytest.raises(cr.DataError, match=r"over\.npz.*1,000,000 bytes; the limit is 900,000"):
        npz.read(path)
