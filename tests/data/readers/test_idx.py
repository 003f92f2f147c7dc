import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.data import read
from chainrule.data.readers import idx
from chainrule.errors import DataError

TYPES = [np.uint8, np.int8, np.int16, np.int32, np.float32, np.float64]


def write(path, array, packed=False):
    content = idx.to_bytes(array)
    path.write_bytes(gzip.compress(content) if packed else content)
    return path


def write_set(folder, kind, x, y, spelling="{kind}-{part}-idx{rank}-ubyte", packed=False):
    folder.mkdir(exist_ok=True)
    for part, array in (("images", x), ("labels", y)):
        name = spelling.format(kind=kind, part=part, rank=array.ndim)
        write(folder / name, array, packed)


IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([1, 0, 2, 1], np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(TYPES).flatmap(
        lambda t: hnp.arrays(t, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    ),
    st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, array, packed):
    path = write(tmp_path_factory.mktemp("idx") / "a", array, packed)
    got = idx.read_array(path)
    assert got.dtype == array.dtype
    assert got.dtype.isnative
    np.testing.assert_array_equal(got, array)


def test_values_are_big_endian(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes([0, 0, 0x0B, 1, 0, 0, 0, 1, 1, 2]))
    assert idx.read_array(path).tolist() == [258]


def head(*sizes, code=8):
    return struct.pack(f">BBBB{len(sizes)}I", 0, 0, code, len(sizes), *sizes)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x89PNG....", "expected an IDX file.*got 89 50 4e 47"),
        (bytes([0, 0, 7, 1, 0, 0, 0, 1, 1]), "expected an IDX file"),
        (bytes([0, 0, 8, 0]), "expected an IDX file"),
        (bytes([0, 0, 8, 9]) + bytes(36), "expected an IDX file"),
        (bytes([0, 0, 8, 2, 0, 0]), "truncated"),
        (head(3) + b"ab", r"announces \(3,\) uint8, 11 bytes in all; the file has 10"),
        (head(3) + b"abcd", "11 bytes in all; the file has 12"),
        (head(2**32 - 1, 2**32 - 1), "the limit is"),
        (gzip.compress(head(3) + b"ab"), "truncated: expected 3 bytes, got 2"),
        (gzip.compress(head(3) + bytes(9_000_000)), "holds more than the 3 bytes"),
        (gzip.compress(head(30) + bytes(30))[:-12], "ends too early"),
        (gzip.compress(head(3) + b"abc")[:10] + b"\xff" * 20, "damaged gzip"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # gzip holds the time of day
)
def test_a_bad_file_is_refused(tmp_path, content, message):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as error:
        idx.read_array(path)
    assert str(path) in str(error.value)


def test_no_such_file(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        idx.read_array(tmp_path / "absent")


@pytest.mark.parametrize("array", [np.array([1j]), np.array(["a"]), np.uint8(3).reshape(())])
def test_what_idx_cannot_hold_is_not_written(array):
    with pytest.raises(DataError, match="cannot hold"):
        idx.to_bytes(array)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "spelling",
    [
        "{kind}-{part}-idx{rank}-ubyte",
        "{kind}-{part}.idx{rank}-ubyte",
        "emnist-letters-{kind}-{part}-idx{rank}-ubyte",
    ],
)
def test_a_folder_of_four_files(tmp_path, spelling, packed):
    spelling += ".gz" if packed else ""
    write_set(tmp_path, "train", IMAGES, LABELS, spelling, packed)
    write_set(tmp_path, "t10k", IMAGES[:1], LABELS[:1], spelling, packed)
    samples = read(tmp_path)
    np.testing.assert_array_equal(samples.x, IMAGES)
    assert samples.targets.tolist() == LABELS.tolist()
    assert samples.labels
    assert samples.test.x.shape == (1, 2, 3)


def test_one_file_of_images_finds_its_labels(tmp_path):
    write_set(tmp_path, "train", IMAGES, LABELS)
    samples = read(tmp_path / "train-images-idx3-ubyte")
    assert samples.targets.tolist() == LABELS.tolist()
    assert samples.test is None
    assert read(tmp_path / "train-images-idx3-ubyte", labelled=False).targets is None


def test_gzipped_labels_beside_plain_images(tmp_path):
    write(tmp_path / "train-images-idx3-ubyte", IMAGES)
    write(tmp_path / "train-labels-idx1-ubyte.gz", LABELS, packed=True)
    assert read(tmp_path / "train-images-idx3-ubyte").targets.tolist() == LABELS.tolist()


def test_numbers_of_images_and_labels_differ(tmp_path):
    write_set(tmp_path, "train", IMAGES, LABELS[:3])
    with pytest.raises(DataError, match=r"has 4 samples.*has 3 labels"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-images-idx3-ubyte", IMAGES, "no IDX file of train labels"),
        ("t10k-labels-idx1-ubyte", LABELS, "no IDX file of test images"),
    ],
)
def test_half_a_set_in_a_folder(tmp_path, name, array, message):
    write(tmp_path / name, array)
    with pytest.raises(DataError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("train-images-idx3-ubyte", "labels were looked for at .*train-labels-idx1-ubyte"),
        ("train-labels-idx1-ubyte", "these are labels"),
        ("pictures.idx", "…images…"),
    ],
)
def test_a_lone_file(tmp_path, name, message):
    write(tmp_path / name, IMAGES)
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


def test_a_nan_is_named_with_its_place(tmp_path):
    x = np.zeros((2, 3), np.float32)
    x[1, 2] = np.nan
    write_set(tmp_path, "train", x, LABELS[:2])
    with pytest.raises(DataError, match=r"\[1, 2\]: expected a finite number, got nan"):
        read(tmp_path)
