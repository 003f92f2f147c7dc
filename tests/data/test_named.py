import sys

import pytest

from chainrule.data import named


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"CHAINRULE_DATA": "/d", "XDG_CACHE_HOME": "/x"}, "/d"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/chainrule"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/chainrule"),
        ({"HOME": "/h"}, "/h/.cache/chainrule"),
    ],
)
@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="the folders of Linux")
def test_where_the_cache_is(monkeypatch, variables, folder):
    for name in ("CHAINRULE_DATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(named.cache_folder()) == folder
