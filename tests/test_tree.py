from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chainrule.tree import flatten, has_leaves, keep, map_leaves, replace

names = st.text("abW019_", min_size=1, max_size=3)
trees: Any = st.recursive(
    st.dictionaries(names, st.integers(), max_size=3),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=10,
)


@given(trees)
def test_every_leaf_has_its_path_as_a_name(tree: Any) -> None:
    for name, leaf in flatten(tree).items():
        node = tree
        for part in name.split("."):
            node = node[part]
        assert node == leaf
    assert has_leaves(tree) == bool(flatten(tree))


@given(trees)
def test_replacing_every_leaf_is_mapping(tree: Any) -> None:
    doubled = {name: 2 * leaf for name, leaf in flatten(tree).items()}
    assert replace(tree, doubled) == map_leaves(lambda leaf: 2 * leaf, tree)
    assert replace(tree, {}) == tree
    assert replace(tree, {"no.such.name": 1}) == tree


@given(trees, st.data())
def test_what_is_kept_is_what_was_named(tree: Any, data: Any) -> None:
    leaves = flatten(tree)
    chosen = data.draw(st.sets(st.sampled_from(sorted(leaves)))) if leaves else set()
    kept = keep(tree, chosen)
    assert flatten(kept) == {name: leaves[name] for name in leaves if name in chosen}
    assert keep(tree, leaves) == tree


def test_the_order_of_layers_is_kept_past_ten() -> None:
    tree = {str(i): {"W": i} for i in range(12)}
    assert list(flatten(tree).values()) == list(range(12))


def test_the_original_is_not_written_to() -> None:
    tree = {"0": {"W": 1}}
    replace(tree, {"0.W": 2})
    map_leaves(str, tree)
    assert tree == {"0": {"W": 1}}
