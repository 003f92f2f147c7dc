import gzip

import numpy as np
import pytest

from chainrule.data import read, samples
from chainrule.data.readers import files, idx
from chainrule.errors import DataError


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"something", r'unknown kind of file "\.xlsx"; known: IDX files.*\.csv.*\.npz'),
        ("a", b"something", "unknown kind of file"),
        ("a.npz", b"something", "expected an .npz archive"),
        ("a.idx", b"something", "…images…"),
        ("a.csv", b"", "is empty"),
        ("a.xyz", b"", "is empty"),
    ],
)
def test_unknown_and_foreign_files(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


def test_an_empty_folder(tmp_path):
    with pytest.raises(DataError, match="nothing to read in this folder; known kinds"):
        read(tmp_path)


def test_content_tells_what_a_name_does_not(tmp_path):
    (tmp_path / "digits-images-idx3").write_bytes(idx.to_bytes(np.zeros((2, 2), np.uint8)))
    (tmp_path / "digits-labels-idx1").write_bytes(idx.to_bytes(np.zeros(2, np.uint8)))
    assert read(tmp_path / "digits-images-idx3").x.shape == (2, 2)


def test_a_gzip_file_beyond_the_limit(tmp_path):
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(bytes(1 << 20)))
    with pytest.raises(DataError, match="holds more than 1,000 bytes"):
        files.read_whole(path, limit=1000)


def test_the_limit_for_arrays():
    with pytest.raises(DataError, match="the limit is"):
        samples.check_size((samples.MAX_BYTES + 1,), 1, "x")
