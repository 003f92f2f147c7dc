import json
import subprocess
import sys

import numpy as np
import pytest

from chainrule.data import load, names, open_dataset
from chainrule.data.readers import idx
from chainrule.errors import ConfigurationError, DataError


def table(path, rows, header="a,b,label"):
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


ROWS = [(i, i * i, "red" if i % 3 else "blue") for i in range(30)]


@pytest.mark.parametrize("name", ["moons", "circles", "spirals"])
def test_generated_sets_hold_out_a_fifth(name):
    (x, y), (x_test, y_test) = load(name)
    assert len(x) == len(y) == 800
    assert len(x_test) == len(y_test) == 200
    assert load(name, test=0.5)[0][0].shape == (500, 2)
    assert not np.array_equal(load(name, seed=1)[0][0], x)


def test_xor_is_tested_on_its_four_rows():
    (x, y), (x_test, y_test) = load("xor")
    np.testing.assert_array_equal(x, x_test)
    assert y.tolist() == y_test.tolist() == [0, 1, 1, 0]
    with pytest.raises(ConfigurationError, match="four rows"):
        load("xor", test=0.5)


def test_a_table_has_no_test_set_unless_asked(tmp_path):
    path = table(tmp_path / "a.csv", ROWS)
    data = open_dataset(path)
    assert data.x_test is None
    assert data.y_test is None
    assert data.classes == ("blue", "red")
    assert data.columns == ("a", "b")
    assert data.task == "classification"


@pytest.mark.parametrize("share", [0.2, "0.2"])
def test_a_share_is_stratified(tmp_path, share):
    data = open_dataset(str(table(tmp_path / "a.csv", ROWS)), test=share)
    assert np.bincount(data.y_test).tolist() == [2, 4]
    assert len(data.x) == 24


def test_a_test_file(tmp_path):
    path = table(tmp_path / "a.csv", ROWS)
    held = table(tmp_path / "b.csv", [(1, 2, "red")])
    (_, _), (x_test, y_test) = load(path, test=str(held))
    assert x_test.tolist() == [[1, 2]]
    assert y_test.tolist() == [1]


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("a,c,label", [(1, 2, "red")], 'columns differ .*"b" there, "c" here'),
        ("a,label", [(1, "red")], "2 columns.*1 columns"),
        ("a,b,label", [(1, 2, "green")], 'label "green" does not occur'),
    ],
)
def test_a_test_file_that_does_not_fit(tmp_path, header, rows, message):
    path = table(tmp_path / "a.csv", ROWS)
    with pytest.raises(DataError, match=message):
        load(path, test=table(tmp_path / "b.csv", rows, header))


def test_regression(tmp_path):
    path = table(tmp_path / "a.csv", [(i, i, i / 2) for i in range(10)])
    data = open_dataset(path, test=0.2)
    assert data.task == "regression"
    assert data.y.dtype == np.float64
    assert open_dataset(path).describe()["training"]["target_range"] == [0, 4.5]
    assert open_dataset(path, target="a", task="classification").classes[:2] == ("0", "1")


def test_an_archive_with_its_own_test_set(tmp_path):
    x, y = np.arange(12.0).reshape(6, 2), np.array([0, 1, 0, 1, 0, 1])
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
    assert len(open_dataset(tmp_path / "a.npz").x_test) == 2
    with pytest.raises(ConfigurationError, match="test set of its own"):
        open_dataset(tmp_path / "a.npz", test=0.5)


def test_own_images_as_the_test_set_of_a_named_one(tmp_path):
    path = tmp_path / "mine-images-idx3-ubyte"
    path.write_bytes(idx.to_bytes(np.zeros((2, 8, 8), np.uint8)))
    labels = tmp_path / "mine-labels-idx1-ubyte"
    labels.write_bytes(idx.to_bytes(np.array([7, 3], np.uint8)))
    data = open_dataset("digits", test=path)
    assert data.y_test.tolist() == [7, 3]
    assert len(data.x) == 1437
    labels.write_bytes(idx.to_bytes(np.array([7, 13], np.uint8)))
    with pytest.raises(DataError, match='label "13" is not a class of digits'):
        open_dataset("digits", test=path)
    with pytest.raises(ConfigurationError, match="test set of its own"):
        open_dataset("digits", test=0.1)


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("mnits", ConfigurationError, 'unknown data set "mnits": did you mean "mnist"'),
        ("absent/mnist", DataError, "no such file or folder"),
        ("absent.csv", DataError, "no such file or folder"),
    ],
)
def test_what_is_not_there(name, kind, message):
    with pytest.raises(kind, match=message):
        load(name)


def test_a_table_of_no_rows(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((0, 2)), y=np.zeros(0))
    with pytest.raises(DataError, match="has no samples"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("name", [n for n in names() if "mnist" not in n])
def test_a_description_is_json(name):
    description = json.loads(json.dumps(open_dataset(name).describe()))
    assert description["name"] == name
    assert sum(description["training"]["counts"].values()) == description["training"]["samples"]


def test_importing_is_cheap():
    heavy = "{'urllib.request', 'rich', 'PIL', 'subprocess', 'http', 'gzip', 'zipfile'}"
    code = (
        "import sys, numpy; before = set(sys.modules); import chainrule.data; "
        f"print(({heavy} & set(sys.modules)) - before)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
