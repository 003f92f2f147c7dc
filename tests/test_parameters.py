from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.parameters import matching

NAMES = ["0.W", "0.b", "2.0.W", "2.0.b", "10.W"]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*.W"], {"0.W", "2.0.W", "10.W"}),
        (["0.*"], {"0.W", "0.b"}),
        (["2.*"], {"2.0.W", "2.0.b"}),
        (["0.W", "*.b"], {"0.W", "0.b", "2.0.b"}),
        (["*"], set(NAMES)),
        ([], set()),
    ],
)
def test_a_pattern_means_names(patterns: list[str], expected: set[str]) -> None:
    assert matching(patterns, NAMES) == expected


@pytest.mark.parametrize("pattern", ["*.w", "1.*", "W", ""])
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(cr.ConfigurationError, match="unknown parameter"):
        matching(["*.b", pattern], NAMES)
