"""Mirrors that cut, refuse, hang or lie, served on the loopback interface."""

import gzip
import socket
import time

import pytest

from chainrule.data import downloading, fetch
from chainrule.data.readers import idx
from chainrule.errors import DataError
from published_set import CONTENT, NAMES, NOISE, packed


def test_a_cut_connection_is_resumed(server, publish, cache):
    content = dict(CONTENT) | {
        NAMES[0]: idx.to_bytes(NOISE),
        NAMES[1]: idx.to_bytes(NOISE[:, 0, 0]),
    }
    publish(content, mirrors=(server.url,))
    server.content, server.cuts = packed(content), 2
    fetch("mnist", progress=False)
    assert (cache / NAMES[0]).read_bytes() == content[NAMES[0]]
    ranges = [asked for path, asked in server.asked if path == f"{NAMES[0]}.gz"]
    size = len(server.content[f"{NAMES[0]}.gz"])
    assert ranges == [None, f"bytes={size // 2}-", f"bytes={size // 2 + (size - size // 2) // 2}-"]


def test_a_server_that_cannot_resume(server, publish, cache):
    content = dict(CONTENT) | {NAMES[0]: idx.to_bytes(NOISE)}
    publish(content, mirrors=(server.url,))
    server.content, server.cuts, server.resumes = packed(content), 1, False
    fetch("mnist", progress=False)
    assert (cache / NAMES[0]).read_bytes() == content[NAMES[0]]


def test_a_later_call_goes_on_from_the_part_file(server, publish, cache):
    publish(mirrors=(server.url,))
    server.content = packed()
    cache.mkdir(parents=True)
    name = f"{NAMES[0]}.gz"
    (cache / f"{name}.part").write_bytes(server.content[name][:40])
    fetch("mnist", progress=False)
    assert server.asked[0] == (name, "bytes=40-")
    assert not list(cache.glob("*.part*"))


@pytest.mark.parametrize("size", [40, None, 5000])
def test_a_foreign_part_file_is_started_afresh(server, publish, cache, size):
    publish(mirrors=(server.url,))
    server.content = packed()
    cache.mkdir(parents=True)
    name = f"{NAMES[0]}.gz"
    (cache / f"{name}.part").write_bytes(b"?" * (size or len(server.content[name])))
    fetch("mnist", progress=False)
    assert (cache / NAMES[0]).read_bytes() == CONTENT[NAMES[0]]


def test_what_came_before_the_cut_is_kept_for_the_next_call(server, publish, cache):
    content = dict(CONTENT) | {NAMES[0]: idx.to_bytes(NOISE)}
    publish(content, mirrors=(server.url,))
    server.content, server.cuts = packed(content), 99
    with pytest.raises(DataError, match="the connection was cut"):
        fetch("mnist", progress=False)
    assert [path.name for path in cache.iterdir()] == [f"{NAMES[0]}.gz.part"]
    server.cuts = 0
    server.asked.clear()
    fetch("mnist", progress=False)
    assert server.asked[0][1] != "bytes=0-"
    assert server.asked[0][1].startswith("bytes=")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "HTTP 404"),
        ({**packed(), f"{NAMES[1]}.gz": gzip.compress(CONTENT[NAMES[1]][:-1] + b"?")}, "SHA-256"),
        ({**packed(), f"{NAMES[0]}.gz": gzip.compress(bytes(1 << 22))}, "holds more than 96"),
        ({**packed(), f"{NAMES[0]}.gz": bytes(9000)}, "9,000 bytes offered, at most 4,192"),
        ({**packed(), f"{NAMES[0]}.gz": packed()[f"{NAMES[0]}.gz"][:-9]}, "ends too early"),
    ],
)
def test_a_bad_mirror_is_passed_over(server, publish, cache, content, message):
    publish(mirrors=(f"{server.url}",))
    server.content = content
    with pytest.raises(DataError, match=message) as error:
        fetch("mnist", progress=False)
    assert server.url in str(error.value)
    assert str(cache) in str(error.value)
    left = {path.name for path in cache.iterdir()}
    assert left <= {NAMES[0]}  # the first file, whole and verified, may stay for the next call

    publish(mirrors=(server.url, f"{server.url}/good"))
    server.content = content | {f"good/{name}": data for name, data in packed().items()}
    fetch("mnist", progress=False)
    assert (cache / NAMES[1]).read_bytes() == CONTENT[NAMES[1]]
    assert "/good" in (cache / "source.txt").read_text()


def test_a_silent_host_is_given_up_soon(publish, monkeypatch):
    monkeypatch.setattr(downloading, "CONNECT_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        publish(mirrors=(f"http://127.0.0.1:{silent.getsockname()[1]}",))
        start = time.monotonic()
        with pytest.raises(DataError, match=r"no answer within 0\.2 s"):
            fetch("mnist", progress=False)
        assert time.monotonic() - start < 2
