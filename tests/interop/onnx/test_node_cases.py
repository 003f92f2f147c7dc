"""ONNX's own node tests of the operators that have a reader: each passes, or says why not.

In these tests weights are inputs; all but the first input are made constants before reading.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.onnx.tables import JOINERS, READERS, load_families

onnx = pytest.importorskip("onnx")

# The reasons that a case may give for having no layers, and how the message says so.
REASONS = {
    "another input order or kind": ("one input", "no fixed shape", "needs an input"),
    "samples are not the first axis": ("samples", "rows"),
    "weights that differ from sample to sample": (
        "constant", "one number a feature", "a bias of shape", "the shapes disagree",
        "weights of shape",
    ),
    "axes turned": ("turned",),
    "groups, dilations, uneven or uncounted pads": (
        "groups", "no gaps", "both sides", "do not count", "beyond the image",
        "at most half the kernel",
    ),
    "a range that the layer does not have": (
        "SELU has", "slope must be", "with alpha", "over the axes", "as an output",
        "training mode", "whole numbers", "by 0", "in training",
        "features or more",
    ),
    "several inputs that vary, all but one of them made constant": ("has no layer",),
    "the checker": ("checker",),
}  # fmt: skip


def cases() -> list[Any]:
    from onnx.backend.test.loader import load_model_tests

    load_families()
    known = set(READERS) | set(JOINERS)
    every = [case for case in load_model_tests(kind="node") if case.model is not None]
    return [c for c in every if {node.op_type for node in c.model.graph.node} <= known]


def single(array: Any) -> Any:
    return array.astype("float32") if array.dtype.kind == "f" else array


def outcome(case: Any) -> str:
    """Return "passes", or the reason why there are no layers for it."""
    from chainrule.interop.onnx.file import to_graph
    from chainrule.interop.onnx.importing import output_name
    from chainrule.interop.onnx.paths import read_graph
    from chainrule.interop.onnx.proto import onnx_library

    try:
        given, expected = (list(map(np.asarray, side)) for side in case.data_sets[0])
        model = case.model
        names = [port.name for port in model.graph.input]
        if not given or any(a.dtype.kind != "f" for a in (*given[:1], *expected[:1])):
            return "other types than numbers with a point"
        first = 1 if model.graph.node[0].op_type == "Gather" else 0
        x, graph = given[first], to_graph(onnx_library(), model, Path("."))
        graph.inputs = [port for port in graph.inputs if port.name == names[first]]
        for i, array in enumerate(given):
            if i != first and i < len(names):
                graph.constants[names[i]] = single(array)
        if x.ndim == 0 or not x.size:
            return "no samples"
        track = read_graph(graph, names[first], output_name(graph), x.shape[1:])
    except cr.ModelFileError as error:
        for reason, words in REASONS.items():
            if any(word in str(error) for word in words):
                return reason
        raise
    X = np.transpose(x, (0, *track.origin)).astype("float32")
    state = cr.Context(state=track.arrays("state", alone=False))
    Y, _ = track.sequence.forward(track.arrays("params", alone=False), X, state)
    order = np.argsort(track.axes)
    Y = np.transpose(Y, (0, *(int(i) + 1 for i in order))).reshape(len(x), *track.sizes)
    np.testing.assert_allclose(Y, expected[0], rtol=1e-3, atol=1e-5, err_msg=case.name)
    return "passes"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_case_passes_or_says_why() -> None:
    failed, counts, listed = [], Counter[str](), {}
    for case in cases():
        try:
            listed[case.name] = outcome(case)
            counts[listed[case.name]] += 1
        except Exception as error:
            failed.append(f"{case.name}: {type(error).__name__} {str(error)[:200]}")
    print(counts)
    for name, why in sorted(listed.items()):
        print(f"{name}: {why}")
    assert failed == []
    assert counts["passes"] >= 110
