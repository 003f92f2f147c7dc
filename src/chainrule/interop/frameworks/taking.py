"""Weights of another framework into a model of the same architecture, checked one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.errors import ConfigurationError, ModelFileError
from chainrule.interop.frameworks.theirs import Group, Theirs, theirs_of
from chainrule.interop.frameworks.translation import Translation, Turn, translate
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.tree import flatten, replace

# Keras' word for a layer, by a weight that no other kind has.
KINDS = {
    "moving_mean": "batch_normalization",
    "embeddings": "embedding",
    "alpha": "p_re_lu",
    "gamma": "layer_normalization",  # after BatchNorm, which has one as well
    "shift": "rescaled",
    "values": "one_hot",
}


def take_weights(
    model: Model, source: Any, names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Give a model the weights of another framework's; return our name -> theirs.

    `source` is a PyTorch module or its state_dict, a Keras model or its get_weights(), or a file:
    .safetensors, .pt or .pth (a state_dict), .weights.h5. Their layers are found by the names that
    `translate` gives them, by `names` (our layer's path -> theirs: {"2": "fc1"}), or else in order.
    Nothing is changed unless everything fits: ModelFileError names the first weight that is
    missing, left over or of another shape. State that is not trained comes along.
    """
    theirs = theirs_of(source)
    layers = _layers(translate(model, theirs.target).turns)
    taken: dict[str, Array] = {}
    report: dict[str, str] = {}
    for layer, group in _matched(layers, theirs, names).items():
        _fill(layers[layer], group, theirs.where, taken, report)
    state = model.state
    running = {n: a for n, a in taken.items() if n.startswith("running.")}
    looked = {name.rpartition(".")[0] for name in running}
    seen = {
        n: np.ones_like(a)  # an input layer that has its numbers has looked at data
        for n, a in flatten({"running": dict(state.running)}).items()
        if n.endswith(".samples") and n.rpartition(".")[0] in looked
    }
    running = {n: a.astype(model.dtype) for n, a in running.items()}
    model.restore(state._replace(running=replace(dict(state.running), running | seen, "running.")))
    model.set_parameters({n: a for n, a in taken.items() if n not in running})
    return report


def matched_weights(translation: Translation, source: Any) -> dict[str, str]:
    """Return our name -> theirs for a live object, nothing being taken over."""
    theirs, taken, report = theirs_of(source), dict[str, Array](), dict[str, str]()
    layers = _layers(translation.turns)
    for layer, group in _matched(layers, theirs, None).items():
        _fill(layers[layer], group, theirs.where, taken, report)
    return report


def _layers(turns: list[Turn]) -> dict[str, list[Turn]]:
    layers: dict[str, list[Turn]] = {}
    for turn in turns:
        layers.setdefault(_layer_of(turn), []).append(turn)
    return layers


def _layer_of(turn: Turn) -> str:
    return turn.layer or turn.theirs.rpartition("_")[0]


def _matched(
    layers: dict[str, list[Turn]], theirs: Theirs, names: Mapping[str, str] | None
) -> dict[str, Group]:
    """Return each of our layers with the group that is its."""
    groups = theirs.groups
    by_name = {g.name: g for g in groups}
    if theirs.target == "keras" and not all(g.kind for g in groups):
        return _from_list(layers, theirs)
    flat = by_name.pop("", None)
    if flat is not None:  # buffers: layer0_shift
        for name in layers:
            words = {r: r.rpartition("_") for r in flat.arrays}
            found = {w[2]: flat.arrays[r] for r, w in words.items() if w[0] == name}
            if found:
                by_name[name] = Group(name, found)
    if names is not None:
        wanted = {f"layer{path}" if path[:1].isdigit() else path: n for path, n in names.items()}
        wanted = {path.replace(".", "_"): n for path, n in wanted.items()}
        unknown = sorted(set(wanted) - set(layers)) + sorted(set(wanted.values()) - set(by_name))
        if unknown:
            raise ConfigurationError(
                f"names: there is no {unknown[0]}; ours are {', '.join(layers)}, "
                f"theirs {', '.join(by_name)}"
            )
        rest = [n for n in layers if n not in wanted]
        if rest:
            raise ConfigurationError(f"names: nothing is said for {rest[0]}")
        return {layer: by_name[wanted[layer]] for layer in layers}
    if set(layers) <= set(by_name):
        extra = sorted(set(by_name) - set(layers))
        if extra:
            raise ModelFileError(f"{theirs.where} holds {extra[0]}, which the network has not")
        return {layer: by_name[layer] for layer in layers}
    if theirs.target == "keras":
        groups = _by_kind(layers, groups)
    if len(groups) != len(layers):
        raise ModelFileError(
            f"{theirs.where} has {len(groups)} layers with weights ({_first(by_name)}), "
            f"the network {len(layers)} ({_first(layers)})"
        )
    return dict(zip(layers, groups, strict=True))


def _first(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:8]) + (", …" if len(listed) > 8 else "")


def kind_of(turns: list[Turn]) -> str:
    """Return Keras' word for one of our layers."""
    roles = [t.theirs for t in turns]
    if "kernel" in roles:
        axes = len(turns[roles.index("kernel")].their_shape) - 2
        return f"conv{axes}d" if axes else "dense"
    return next(kind for role, kind in KINDS.items() if role in roles)


def _by_kind(layers: dict[str, list[Turn]], groups: list[Group]) -> list[Group]:
    """Return their groups in the order of ours: files keep the order within a kind alone."""
    left = {kind: [g for g in groups if g.kind == kind] for kind in {g.kind for g in groups}}
    ordered = []
    for turns in layers.values():
        of_kind = left.get(kind_of(turns), [])
        if of_kind:
            ordered.append(of_kind.pop(0))
    return ordered + [g for rest in left.values() for g in rest]


def _from_list(layers: dict[str, list[Turn]], theirs: Theirs) -> dict[str, Group]:
    (group,) = theirs.groups
    turns = [t for own in layers.values() for t in own]
    if len(turns) != len(group.arrays):
        raise ModelFileError(
            f"{theirs.where} has {len(group.arrays)} arrays, the network needs {len(turns)}: "
            f"{_first(t.name for t in turns)}"
        )
    arrays = iter(group.arrays.values())
    return {
        layer: Group(layer, {t.theirs: next(arrays) for t in own}) for layer, own in layers.items()
    }


def _fill(
    turns: list[Turn], group: Group, where: str, taken: dict[str, Array], report: dict[str, str]
) -> None:
    """Take over one layer's arrays; raise ModelFileError where one does not fit."""
    by_position = all(name.isdigit() for name in group.arrays)
    used = set()
    for i, turn in enumerate(turns):
        role = turn.theirs.rpartition("_")[2] if not turn.layer else turn.theirs
        key = str(i) if by_position else role
        name = f"{group.name}.{turn.theirs}" if group.name else turn.theirs
        if key not in group.arrays:
            if role == "bias":
                taken[turn.ours], report[turn.ours] = np.zeros(turn.shape, "float32"), "none: zeros"
                continue
            raise ModelFileError(
                f"{where} lacks {name} {turn.their_shape}, needed for {turn.ours}; "
                f"{group.name} has {', '.join(group.arrays)}"
            )
        a = group.arrays[key]
        if a.shape != turn.their_shape:
            raise ModelFileError(
                f"{where}: {name} should be {turn.their_shape} for {turn.ours}, but is {a.shape}"
            )
        if not np.isfinite(a).all():
            raise ModelFileError(f"{where}: {name} holds numbers that are not finite")
        taken[turn.ours], report[turn.ours] = turn.take(a), name
        used.add(key)
    extra = sorted(set(group.arrays) - used)
    if extra:
        raise ModelFileError(
            f"{where} holds {group.name}.{extra[0]}, which {turns[0].ours} has no place for"
        )
