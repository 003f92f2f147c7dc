import csv as standard_csv
import gzip
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from chainrule.data import read
from chainrule.data.readers import csv
from chainrule.errors import DataError


@pytest.fixture
def table(tmp_path):
    def write(text, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=64)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=NUMBERS),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, x, separator, end, quoted):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    text = io.StringIO()
    quoting = standard_csv.QUOTE_ALL if quoted else standard_csv.QUOTE_MINIMAL
    writer = standard_csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)
    writer.writerow([f"f{i}" for i in range(x.shape[1])] + ["label"])
    writer.writerows([*row, i] for i, row in enumerate(x.tolist()))
    path.write_text(text.getvalue(), newline="")
    samples = read(path)
    np.testing.assert_array_equal(samples.x, x)
    assert samples.targets.tolist() == list(range(len(x)))
    assert samples.columns == tuple(f"f{i}" for i in range(x.shape[1]))


@given(st.lists(st.lists(st.integers(0, 10**20), min_size=3, max_size=3), min_size=1))
def test_blocks_agree_with_python(rows):
    lines = [",".join(map(str, row)).encode() for row in rows]
    got = csv.parse_matrix(lines, 3)
    if got is None:  # whole numbers beyond 2**53 are read row by row instead
        assert max(map(max, rows)) >= 2**53
    else:
        assert got.astype(float).tolist() == [[float(n) for n in row] for row in rows]


@pytest.mark.parametrize(
    "line", [b"1, ,2", b"1,,2", b",1,2", b"1,2,", b"1,nan,2", b"1,inf,2", b"1,1e999,2", b"1,a,2",
             b"1,0x1,2", b"1 2,3,4", b"1,2", b"1,2,3,4"],
)  # fmt: skip
def test_blocks_refuse_what_is_not_plain(line):
    assert csv.parse_matrix([b"1,2,3", line], 3) is None


def test_many_blocks(monkeypatch):
    monkeypatch.setattr(csv, "BLOCK_ROWS", 3)
    got = csv.parse_matrix([f"{i},{i * 100}".encode() for i in range(10)], 2)
    assert got.dtype == np.float64
    assert got[:, 1].tolist() == [i * 100 for i in range(10)]


def test_mnist_style(table):
    pixels = np.arange(3 * 64).reshape(3, 64)
    rows = "\n".join(f"{label}," + ",".join(map(str, row)) for label, row in enumerate(pixels))
    samples = read(table(rows))
    assert samples.x.dtype == np.uint8
    np.testing.assert_array_equal(samples.x, pixels)
    assert samples.targets.tolist() == [0, 1, 2]
    assert samples.labels


def test_mnist_style_with_a_header(table):
    header = "label," + ",".join(f"{i}x1" for i in range(64))
    samples = read(table(header + "\r\n" + "7," + ",".join(["3"] * 64) + "\r\n"))
    assert samples.x.shape == (1, 64)
    assert samples.x.dtype == np.uint8
    assert samples.targets.tolist() == [7]


@pytest.mark.parametrize(
    ("text", "target", "x", "targets"),
    [
        ("a,b,y\n1,2,3\n4,5,6\n", None, [[1, 2], [4, 5]], [3, 6]),
        ("Class,a\nred,1\nblue,2\n", None, [[1], [2]], ["red", "blue"]),
        ("a,b,y\n1,2,3\n", "a", [[2, 3]], [1]),
        ("label,0,1\n7,8,9\n1,2,3\n", None, [[8, 9], [2, 3]], [7, 1]),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", "2", [[5.1, 3.5], [4.9, 3]], ["setosa", "setosa"]),
        ("cat,1,2\ndog,3,4\n", None, [[1, 2], [3, 4]], ["cat", "dog"]),
        ("\ufeffa,y\n1,2\n", None, [[1]], [2]),
        ("a,y\n\n1,2\n\n3,4\n", None, [[1], [3]], [2, 4]),
        ("a,y\n 1 , 2\n", None, [[1]], [2]),
        ('a,y\n1,"x, z"\n', None, [[1]], ["x, z"]),
    ],
)
def test_layouts(table, text, target, x, targets):
    samples = read(table(text), target=target)
    assert samples.x.tolist() == x
    assert samples.targets.tolist() == targets


def test_few_columns_are_never_pixels(table):
    assert read(table("age,y\n40,1\n41,0\n")).x.dtype == np.float64


def test_gzipped(table):
    assert read(table(gzip.compress(b"a,y\n1,2\n"), "a.csv.gz")).x.tolist() == [[1]]


def test_unlabelled(table):
    samples = read(table("a,b\n1,2\n3,4\n"), labelled=False)
    assert samples.targets is None
    assert samples.x.shape == (2, 2)


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("", None, "is empty"),
        (" \n\n", None, "is empty"),
        ("a,y\n", None, "a header and no rows"),
        ("age,y\n1,0\nn/a,1\n", None, 'column "age", row 3: expected a number, got "n/a"'),
        ("age,y\n1,0\n,1\n", None, 'column "age", row 3: expected a number, got ""'),
        ("age,y\n1,0\nnan,1\n", None, 'column "age", row 3: expected a finite number, got "nan"'),
        ("age,y\n1,0\n1e999,1\n", None, 'row 3: expected a finite number, got "1e999"'),
        ("age,y\n1,0\n-inf,1\n", None, 'row 3: expected a finite number, got "-inf"'),
        ("a,y\n1,0\n2,\n", None, 'column "y", row 3: expected a target, got ""'),
        ("a,y\n1,0\n2,NaN\n", None, 'column "y", row 3: expected a target'),
        ("a,b,y\n1,2,3\n4,5\n", None, "row 3: expected 3 cells, got 2"),
        ("a,b,y\n1,2\n1,2,3,4\n", None, "row 2: expected 3 cells, got 2"),
        ("a,a,y\n1,2,3\n", None, 'two columns are called "a"'),
        (",a,y\n0,2,3\n1,2,3\n", None, "column 1 has no name"),
        ("a,b\n1,2\n", None, "which column is the target.*columns: a, b"),
        ("y,label,b\n1,2,3\n", None, "several columns could be.*columns: y, label, b"),
        ("a,b\n1,2\n", "c", 'no column "c" for the target; columns: a, b'),
        ("5,1,x\n6,2,z\n", None, 'column "2", row 1: expected a number, got "x".*no header'),
        ("y\n1\n", None, "single column"),
        (b"a,y\n1,\xff\n", None, "expected UTF-8"),
        ('a,y\n1,"2\n', None, "not a readable table"),
        ("a,y\n1,2\n3,4\x00\n", None, "zero bytes"),
    ],
)
def test_a_bad_table_is_refused(table, text, target, message):
    path = table(text)
    with pytest.raises(DataError, match=message) as error:
        read(path, target=target)
    assert str(path) in str(error.value)


def test_too_many_columns(table, monkeypatch):
    monkeypatch.setattr(csv, "MAX_COLUMNS", 3)
    with pytest.raises(DataError, match="4 columns; the limit is 3"):
        read(table("1,2,3,4\n"))
