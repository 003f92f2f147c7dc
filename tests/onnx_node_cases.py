"""ONNX's own node tests through the reader: what each gives, or why there are no layers for it.

In these tests weights are inputs; all but the samples are made constants before reading. Inputs
that meet in an Add, Sub, Sum or Concat are cut from one, as a network has one. Run as a program,
this writes docs/onnx-nodes.md anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.interop.onnx.tables import JOINERS, READERS, load_families

PASSES = "passes"
TYPES = "Whole numbers, flags and text"
ROUNDED = "Numbers of few bits"
# The reasons that a case may give for having no layers, and how the message says so.
REASONS = {
    "Training mode": ("in training mode",),
    "Weights that vary with the samples": (
        "is no constant", "one number a feature", "a bias of shape", "expected (inputs, units)",
        "more than one input that varies", "for samples",
    ),
    "Axes turned, where no layer turns them": ("turned to",),
    "The first axis does not count the samples": (
        "over the samples", "samples must", "the first axis must", "of the samples",
        "along the samples", "in front of the samples", "over the axes [0", "sizes of 1 alone",
        "samples without features", "samples of shape ()", "must come from the samples",
    ),
    "Windows with gaps (dilations)": ("windows have no gaps",),
    "Means in which the zeros around the image do not count": ("do not count",),
    "Means over windows that reach beyond the image (ceil_mode)": ("reach beyond the image",),
    "Padding as wide as the window": ("padding must be smaller than the kernel",),
    "Pads that are not zeros around images": ("of the samples, cut off", "pads by itself"),
    "Tables with other than two axes": ("the rows of a constant table", "of a constant table"),
    "No samples come in": ("nothing comes in",),
    "An empty result": ("nothing is left",),
    "Bounds that cross": ("low must be below high",),
}  # fmt: skip


WORDS = {
    PASSES: "",
    TYPES: "Samples, or what becomes of them, are numbers with a point here.",
    ROUNDED: "A Cast to float16, bfloat16 or fewer bits rounds; here all stays in the working "
    "precision. Files with such casts are read, and give more exact numbers.",
    "Training mode": "A file is read for inference; training is chainrule's own.",
    "Weights that vary with the samples": "Products of two inputs that vary, and weights with an "
    "entry for each sample or place, have no layer.",
    "Axes turned, where no layer turns them": "A Transpose is a note on the tensor; the input and "
    "a Flatten can take it in, a Concat in the middle cannot.",
    "The first axis does not count the samples": "The operator mixes samples, or moves their axis.",
    "Windows with gaps (dilations)": "No layer has such windows.",
    "Means in which the zeros around the image do not count": "count_include_pad=0; in AveragePool "
    "they count.",
    "Means over windows that reach beyond the image (ceil_mode)": "MaxPool does it, AveragePool "
    "would count what is not there.",
    "Padding as wide as the window": "Some windows would hold nothing.",
    "Pads that are not zeros around images": "A Pad in front of Conv, MaxPool or AveragePool is "
    "joined to it; no layer pads by itself.",
    "Tables with other than two axes": "Embedding looks up rows.",
    "No samples come in": "A constant is no network.",
    "An empty result": "A layer gives at least one feature.",
    "Bounds that cross": "Clip has low < high.",
}
DOCUMENT = Path(__file__).parents[1] / "docs" / "onnx-nodes.md"


def cases() -> list[Any]:
    """Return the cases in which each operator has a reader, or is computed beforehand."""
    from onnx.backend.test.loader import load_model_tests

    load_families()
    known = {"Constant", *READERS, *JOINERS}
    every = [case for case in load_model_tests(kind="node") if case.model is not None]
    return [c for c in every if {node.op_type for node in c.model.graph.node} <= known]


def outcome(case: Any) -> str:
    """Return PASSES, or the reason why there are no layers; raise for wrong numbers."""
    try:
        return _outcome(case)
    except cr.ChainruleError as error:
        for reason, words in REASONS.items():
            if any(word in str(error) for word in words):
                return reason
        raise


def _outcome(case: Any) -> str:
    from chainrule.interop.onnx.file import to_graph
    from chainrule.interop.onnx.importing import output_name
    from chainrule.interop.onnx.paths import read_graph
    from chainrule.interop.onnx.proto import onnx_library

    given, expected = (list(map(_array, side)) for side in case.data_sets[0])
    node, names = case.model.graph.node[0], [port.name for port in case.model.graph.input]
    looked_up = node.op_type == "Gather" and not any(a.i for a in node.attribute)  # along axis 0
    first = 1 if looked_up else 0
    data = [a for a in (*given[first : first + 1], *expected[:1]) if a.dtype != np.float32]
    if not looked_up and any(a.dtype.kind in "iubOSU" for a in data):
        return TYPES
    if any(a.dtype.name not in ("float16", "float64") for a in data if a.dtype.kind not in "iub"):
        return ROUNDED
    if not given or not given[first].size or not given[first].ndim:
        raise cr.ModelFileError("nothing comes in")
    model, x = case.model, given[first]
    varying = [n for n, a in zip(names, given, strict=False) if a.dtype.kind == "f"]
    together = _joined(node, varying, given)
    if together is not None:
        model, x = _parted(model, given), together
        names, first = ["every"], 0
    graph = to_graph(onnx_library(), model, Path("."))
    graph.inputs = [port for port in graph.inputs if port.name == names[first]]
    for i, array in enumerate(given if together is None else []):
        if i != first and i < len(names):
            graph.constants[names[i]] = _single(array)
    track = read_graph(graph, names[first], output_name(graph), x.shape[1:])
    X = _single(np.transpose(x, (0, *track.origin)))
    state = cr.Context(state=track.arrays("state", alone=False))
    Y, _ = track.sequence.forward(track.arrays("params", alone=False), X, state)
    order = np.argsort(track.axes)
    Y = np.transpose(Y, (0, *(int(i) + 1 for i in order))).reshape(len(x), *track.sizes)
    assert Y.shape == expected[0].shape
    np.testing.assert_allclose(Y, expected[0], rtol=1e-3, atol=1e-5, err_msg=case.name)
    return PASSES


def _joined(node: Any, varying: list[str], given: list[Any]) -> Any:
    """Return several inputs that vary, side by side as one; None where a reader takes one alone."""
    if node.op_type not in JOINERS or len(varying) < 2 or given[0].dtype.kind != "f":
        return None
    if node.op_type != "Concat" and len({a.shape for a in given}) > 1:
        return None
    if len({len(a) for a in given}) > 1 or given[0].ndim < 2:
        return None
    return np.concatenate([a.reshape(len(a), -1) for a in given], axis=1)


def _parted(model: Any, given: list[Any]) -> Any:
    """Return the same graph with each input cut from a single one: a network has one."""
    from onnx import helper, numpy_helper

    nodes, constants, start = [], [], 0
    for port, a in zip(model.graph.input, given, strict=True):
        stop, name = start + a[0].size, port.name
        bounds = {"starts": [start], "ends": [stop], "axes": [1], "sizes": [0, *a.shape[1:]]}
        constants += [
            numpy_helper.from_array(np.array(v), f"{name}/{k}") for k, v in bounds.items()
        ]
        cut = [f"{name}/{k}" for k in ("starts", "ends", "axes")]
        nodes.append(helper.make_node("Slice", ["every", *cut], [f"{name}/row"]))
        nodes.append(helper.make_node("Reshape", [f"{name}/row", f"{name}/sizes"], [name]))
        start = stop
    port = helper.make_tensor_value_info("every", 1, (len(given[0]), start))
    body = helper.make_graph(
        [*nodes, *model.graph.node], "parted", [port], list(model.graph.output), constants
    )
    return helper.make_model(body, opset_imports=model.opset_import, ir_version=model.ir_version)


def _array(value: Any) -> Any:
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def _single(array: Any) -> Any:
    return array.astype("float32") if array.dtype.kind == "f" else array


def document(found: dict[str, str]) -> str:
    """Return the list of all cases, by reason, as a page."""
    from onnx import __version__

    by: dict[str, list[str]] = {reason: [] for reason in WORDS}
    for name, reason in sorted(found.items()):
        by[reason].append(name)
    lines = [
        "# ONNX's own node tests",
        "",
        f"The node tests of onnx {__version__} in which every operator has a reader: {len(found)} "
        f"cases, of which {len(by[PASSES])} pass;",
        "the others have no layers, for the reasons below. A test reads this list and fails when "
        "a case does otherwise",
        "(`pytest -m slow tests/interop/onnx/test_node_cases.py`); "
        "`python tests/onnx_node_cases.py` writes it anew.",
    ]
    for reason, names in by.items():
        if names:
            lines += ["", f"## {reason[0].upper()}{reason[1:]} ({len(names)})"]
            lines += ["", WORDS[reason]] if WORDS[reason] else []
            lines += ["", " ".join(f"`{name}`" for name in names)]
    return "\n".join(lines) + "\n"


def listed(text: str) -> dict[str, str]:
    """Return the reason that the page gives for each case."""
    found, reason = {}, ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line[3:].rpartition(" (")[0]
            reason = PASSES if title.lower() == PASSES else title
        elif reason and line.startswith("`"):
            found |= dict.fromkeys(line.replace("`", "").split(), reason)
    return found


if __name__ == "__main__":
    DOCUMENT.write_text(document({case.name: outcome(case) for case in cases()}))
