"""Rows read from a file are those of its map, or they are not read from the file."""

from __future__ import annotations

import os

import numpy as np
import pytest

from chainrule import row_file as module
from chainrule.row_file import row_file
from chainrule.stored import Mapped

pytestmark = pytest.mark.skipif(not hasattr(os, "preadv"), reason="the system has no preadv")
ROWS = np.array([7, 0, 7, 11, 3])


@pytest.fixture(params=["through the cache", "around it"], autouse=True)
def direct(request, monkeypatch):
    """Read every file as one that is, or is not, too large for the system's cache."""
    around = request.param == "around it"
    if around and not hasattr(os, "O_DIRECT"):
        pytest.skip("the system has no O_DIRECT")
    monkeypatch.setattr(module, "_too_large", lambda size: around)
    return around


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "x.npy", np.sin(np.arange(12 * 700.0)).reshape(12, 700))
    return tmp_path / "x.npy"


@pytest.mark.parametrize("mode", ["r", "r+"])
def test_rows_are_those_of_the_map(path, mode):
    array = np.load(path, mmap_mode=mode)
    np.testing.assert_array_equal(row_file(array).read(ROWS), array[ROWS])


def test_parts_of_a_map_begin_where_they_begin(path):
    whole = np.load(path, mmap_mode="r")
    for part in (whole[3:], whole[::2], whole[1::3], whole[:, 5:]):
        rows = np.arange(len(part))[::-1]
        np.testing.assert_array_equal(row_file(part).read(rows), part[rows])


def test_a_map_that_begins_within_a_file(tmp_path):
    (tmp_path / "raw").write_bytes(bytes(range(256)) * 40)
    array = np.memmap(tmp_path / "raw", ">u2", "r", offset=4100, shape=(20, 5))
    np.testing.assert_array_equal(Mapped(array).read(ROWS), array[ROWS])
    assert Mapped(array).file is not None
    assert Mapped(array).dtype.isnative


@pytest.mark.parametrize("what", ["private", "columns", "reversed", "copy", "gone", "replaced"])
def test_what_a_file_does_not_hold_is_read_through_the_map(path, what):
    array = np.load(path, mmap_mode="c" if what == "private" else "r")
    if what == "private":
        array[3] = -1.0
    array = {"columns": array[:, ::2], "reversed": array[::-1], "copy": array + 1}.get(what, array)
    if what == "gone":
        path.unlink()
    if what == "replaced":
        np.save(path.with_name("other.npy"), np.ones((12, 700)))
        path.with_name("other.npy").replace(path)
    assert row_file(array) is None
    np.testing.assert_array_equal(Mapped(array).read(ROWS), array[ROWS])


def test_rows_that_follow_one_another_are_read_at_once(path, monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 3 * 5600)
    array = np.load(path, mmap_mode="r")
    file, rows = row_file(array), np.array([2, 3, 4, 5, 6, 9, 10, 1])
    assert list(file._runs(rows)) == [(0, 2, 3), (3, 5, 2), (5, 9, 2), (7, 1, 1)]
    np.testing.assert_array_equal(file.read(rows), array[rows])


def test_a_file_system_that_knows_no_way_around_its_cache(path, monkeypatch):
    opened = os.open

    def refusing(name, flags, *more, **others):
        if flags & getattr(os, "O_DIRECT", 0):
            raise OSError(22, "Invalid argument")
        return opened(name, flags, *more, **others)

    monkeypatch.setattr(os, "open", refusing)
    array = np.load(path, mmap_mode="r")
    file = row_file(array)
    assert not file.direct
    np.testing.assert_array_equal(file.read(ROWS), array[ROWS])


def test_rows_that_are_not_there_are_refused(path):
    stored = Mapped(np.load(path, mmap_mode="r"))
    np.testing.assert_array_equal(stored[[-1]], stored[[11]])
    with pytest.raises(IndexError, match="of an array of 12"):
        stored[[12]]


def test_a_file_that_was_cut_is_said(path):
    file = row_file(np.load(path, mmap_mode="r"))
    os.truncate(path, 5000)
    with pytest.raises(OSError, match="has become shorter"):
        file.read(ROWS)


def test_the_file_is_closed_with_the_array(path):
    file = row_file(np.load(path, mmap_mode="r"))
    number = file.file
    del file
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)
