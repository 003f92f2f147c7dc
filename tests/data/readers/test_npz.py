import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.data import read
from chainrule.errors import DataError

X, Y = np.arange(12, dtype=np.float32).reshape(4, 3), np.array([0, 1, 1, 0])


def save(folder, **arrays):
    np.savez_compressed(folder / "a.npz", **arrays)
    return folder / "a.npz"


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([np.uint8, np.int64, np.float32, np.float64]).flatmap(
        lambda t: hnp.arrays(
            t,
            hnp.array_shapes(min_dims=2, max_dims=4, max_side=4),
            elements={"allow_nan": False, "allow_infinity": False} if t in (np.float32, np.float64)
            else None,
        )
    )
)  # fmt: skip
def test_what_is_written_is_read(tmp_path_factory, x):
    samples = read(save(tmp_path_factory.mktemp("npz"), X=x, y=np.arange(len(x))))
    assert samples.x.dtype == x.dtype
    np.testing.assert_array_equal(samples.x, x)
    assert samples.targets.tolist() == list(range(len(x)))


@pytest.mark.parametrize("names", [("x", "y"), ("X", "y"), ("X", "Y"), ("x_train", "y_train")])
def test_names(tmp_path, names):
    samples = read(save(tmp_path, **dict(zip(names, (X, Y), strict=True))))
    np.testing.assert_array_equal(samples.x, X)
    assert samples.test is None


def test_four_arrays_and_a_foreign_one(tmp_path):
    path = save(tmp_path, x_train=X, y_train=Y, x_test=X[:1], y_test=Y[:1], extra=np.zeros(3))
    assert read(path).test.x.shape == (1, 3)


def test_one_feature_becomes_a_column(tmp_path):
    assert read(save(tmp_path, x=X[:, 0], y=Y)).x.shape == (4, 1)


def test_texts_and_truth_values(tmp_path):
    samples = read(save(tmp_path, x=X > 3, y=np.array([b"a", b"b", b"a", b"b"])))
    assert samples.x.dtype == np.uint8
    assert samples.targets.tolist() == ["a", "b", "a", "b"]


def test_unlabelled(tmp_path):
    assert read(save(tmp_path, x=X), labelled=False).targets is None


NAN = X.copy()
NAN[2, 1] = np.inf


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": X, "b": Y}, "expected the arrays x_train.*got a, b"),
        ({"x": X}, "expected the arrays.*got x"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "expected the arrays"),
        ({"x": X, "y": Y[:3]}, r"x has 4 samples, y has the shape \(3,\)"),
        ({"x": NAN, "y": Y}, r"x\[2, 1\]: expected a finite number, got inf"),
        ({"x": X, "y": np.array([0, 1, np.nan, 1])}, r"y\[2\]: expected a finite number"),
        ({"x": X.astype(str), "y": Y}, "expected numbers, got values of type"),
        ({"x": X * 1j, "y": Y}, "expected numbers"),
        ({"x": np.float32(3), "y": Y}, "single number"),
        ({"x": np.array([{}, 1, 2, 3], object), "y": Y}, "Python objects, which are never loaded"),
    ],
)
def test_a_bad_archive_is_refused(tmp_path, arrays, message):
    with pytest.raises(DataError, match=message):
        read(save(tmp_path, **arrays))


def test_truncated_and_foreign(tmp_path):
    path = save(tmp_path, x=X, y=Y)
    content = path.read_bytes()
    for bad in (content[: len(content) // 2], b"PK\x03\x04rubbish", b"\x00\x00\x08\x01"):
        path.write_bytes(bad)
        with pytest.raises(DataError, match="damaged"):
            read(path)


def test_a_flipped_bit(tmp_path):
    path = save(tmp_path, x=np.arange(4000).reshape(4, -1), y=Y)
    content = bytearray(path.read_bytes())
    content[500] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match="damaged"):
        read(path)


def test_a_header_that_announces_more_than_there_is(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (10_000_000,)}
    )
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", head.getvalue() + bytes(8))
    with pytest.raises(DataError, match=r"announces .* 80,000,000 bytes; the archive has 8"):
        read(path)
