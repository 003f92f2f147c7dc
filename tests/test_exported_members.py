from __future__ import annotations

import types

import pytest

import chainrule as cr
from chainrule import layers, training

PACKAGES = [cr, layers, training]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_the_list_of_names_is_sorted_and_each_exists(package: types.ModuleType) -> None:
    names = package.__all__
    assert len(names) == len(set(names))
    constants = [n for n in names if n.isupper()]
    classes = [n for n in names if n[0].isupper() and not n.isupper()]
    rest = [n for n in names if n[0].islower() or n[0] == "_"]
    assert names == sorted(constants) + sorted(classes) + sorted(rest)
    assert all(hasattr(package, name) for name in names)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_is_listed(package: types.ModuleType) -> None:
    public = {
        name
        for name, value in vars(package).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public <= {*package.__all__, "annotations"}


def test_everything_exported_is_documented() -> None:
    undocumented = [
        name
        for name in cr.__all__
        if callable(getattr(cr, name)) and not (getattr(cr, name).__doc__ or "").strip()
    ]
    assert undocumented == []


def test_every_layer_of_the_package_is_exported_at_the_top() -> None:
    assert set(layers.__all__) <= set(cr.__all__)
