"""A cache and a table of sets of the tests' own; a server that stands in for a mirror."""

from __future__ import annotations

import pytest

from chainrule.data import named
from published_set import CONTENT, Server, files


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CHAINRULE_DATA", str(tmp_path / "cache"))
    for proxy in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def publish(monkeypatch, cache):
    """Put a set of one's own into the table, under the name mnist."""

    def publish(content=CONTENT, **places):
        published = named.Published("Small", tuple("13459"), files(content), **places)
        monkeypatch.setitem(named.PUBLISHED, "mnist", published)

    return publish
