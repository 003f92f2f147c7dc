"""ONNX files, ours and others', as networks: the same numbers, plain layers, and no surprises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.interop.onnx.exporting import export_onnx
from chainrule.interop.onnx.importing import difference
from example_layer import Example
from example_layers import LAYERS
from onnx_files import behead, classifier

onnx = pytest.importorskip("onnx")
helper = onnx.helper


@pytest.mark.parametrize("opset", [13, 20])
@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_our_own_file_gives_the_very_model_back(
    example: Example, opset: int, tmp_path: Path
) -> None:
    model, x = classifier(example), example.samples(4, "float32")
    export_onnx(model, tmp_path / "m.onnx", x, opset)
    back = cr.load_onnx(tmp_path / "m.onnx")
    assert (back.network, back.loss) == (model.network, model.loss)
    np.testing.assert_array_equal(back.predict_proba(x), model.predict_proba(x))


@pytest.mark.parametrize("opset", [13, 20])
@pytest.mark.parametrize("example", LAYERS, ids=str)
def test_without_our_header_the_graph_alone_gives_the_same_numbers(
    example: Example, opset: int, tmp_path: Path
) -> None:
    model, x = classifier(example), example.samples(4, "float32")
    export_onnx(model, tmp_path / "m.onnx", x, opset)
    behead(tmp_path / "m.onnx")
    back = cr.load_onnx(tmp_path / "m.onnx")
    np.testing.assert_allclose(back.predict_proba(x), model.predict_proba(x), atol=1e-6)


def convolutional() -> cr.Model:
    network = cr.Sequential(
        cr.Conv2D(4, (4, 2), padding="same"), cr.BatchNorm(0.2), cr.ReLU(),
        cr.Residual(cr.Conv2D(4, 3, padding=1), cr.LeakyReLU(0.2)), cr.MaxPool(2), cr.Dropout(0.3),
        cr.Concatenate(cr.Conv2D(2, 1), cr.AveragePool(1)), cr.Flatten(), cr.Dense(3), cr.Softmax(),
    )  # fmt: skip
    return cr.Model(network, cr.CrossEntropy(), input_shape=(6, 6, 2))


def test_the_graph_alone_gives_an_equal_architecture(tmp_path: Path) -> None:
    model = convolutional()
    model.export_onnx(tmp_path / "m.onnx")
    behead(tmp_path / "m.onnx")
    back = cr.load_onnx(tmp_path / "m.onnx")
    assert (back.network, back.loss) == (model.network, model.loss)


def test_a_header_that_the_graph_does_not_bear_out_is_not_believed(tmp_path: Path) -> None:
    model = convolutional()
    model.export_onnx(tmp_path / "m.onnx")
    file = onnx.load(tmp_path / "m.onnx")
    for node in file.graph.node:
        if node.op_type == "Relu":
            node.op_type = "Tanh"
    onnx.save(file, tmp_path / "m.onnx")
    assert "Tanh()" in repr(cr.load_onnx(tmp_path / "m.onnx").network)


def graph(
    nodes: list[Any], weights: dict[str, Any], shape: Any = ("batch", 4), **options: Any
) -> Any:
    """Return a model with input x and output y."""
    given = helper.make_tensor_value_info("x", 1, shape)
    out = helper.make_tensor_value_info("y", 1, ("m", "k"))
    arrays = [onnx.numpy_helper.from_array(np.asarray(a), n) for n, a in weights.items()]
    body = helper.make_graph(nodes, "g", [given], [out], arrays)
    opset = [helper.make_opsetid("", options.pop("opset", 20)), helper.make_opsetid("other", 1)]
    return helper.make_model(body, opset_imports=opset, ir_version=10)


W = np.arange(12, dtype=np.float32).reshape(4, 3)


def dense(weights: Any = W, **options: Any) -> Any:
    nodes = [helper.make_node("MatMul", ["x", "W"], ["h"], "times"),
             helper.make_node("Add", ["h", "b"], ["y"], "plus")]  # fmt: skip
    return graph(nodes, {"W": weights, "b": np.ones(3, np.float32)}, **options)


def test_matmul_and_add_are_one_dense_layer(tmp_path: Path) -> None:
    onnx.save(dense(), tmp_path / "m.onnx")
    model = cr.load_onnx(tmp_path / "m.onnx")
    assert model.network == cr.Sequential(cr.Dense(3))
    np.testing.assert_array_equal(model.parameters["0.b"], [1, 1, 1])


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    content = dense().SerializeToString()
    for end in range(0, len(content), 7):
        (tmp_path / "m.onnx").write_bytes(content[:end])
        with pytest.raises(cr.ModelFileError):
            cr.load_onnx(tmp_path / "m.onnx")


def test_a_file_with_flipped_bytes_is_read_or_refused(tmp_path: Path) -> None:
    content = dense().SerializeToString()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(content), 150):
        broken = bytearray(content)
        broken[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "m.onnx").write_bytes(broken)
        try:
            cr.load_onnx(tmp_path / "m.onnx")
        except cr.ChainruleError:
            continue


def external(location: str, length: int = 48) -> Any:
    model = dense()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return model


def test_weights_beside_the_model_are_read(tmp_path: Path) -> None:
    (tmp_path / "W.bin").write_bytes(W.tobytes())
    (tmp_path / "m.onnx").write_bytes(external("W.bin").SerializeToString())
    np.testing.assert_array_equal(cr.load_onnx(tmp_path / "m.onnx").parameters["0.W"], W)


def held_by_a_node(location: str) -> Any:
    """Return a model whose weights are no initializer but a Constant's value, in another file."""
    model = external(location)
    tensor = model.graph.initializer.pop(0)
    model.graph.node.insert(0, helper.make_node("Constant", [], ["W"], "k", value=tensor))
    return model


BAD = [
    (held_by_a_node("../outside.bin"), 'weights "W" lie outside of the model'),
    (external("short.bin", 1 << 60), "holds 8 of their 1,152,921,504,606,846,976 bytes"),
    (external("none.bin"), 'weights "W" should be in'),
    (external("../outside.bin"), 'weights "W" lie outside of the model'),
    (external("/etc/passwd"), 'weights "W" lie outside of the model'),
    (external("short.bin"), "holds 8 of their 48 bytes"),
    (dense(W[:3]), r'MatMul node "times": the shapes disagree: weights \(3, 3\) for 4 inputs'),
    (dense(W * np.float32("nan")), "holds numbers that are not finite"),
    (dense(opset=99), "opset 99 is not known here"),
    (graph([helper.make_node("Sin", ["x"], ["y"], "wave")], {}), 'Sin node "wave" has no layer'),
    (graph([helper.make_node("Relu", ["z"], ["y"], "r")], {}), "ONNX's checker says"),
    (graph([helper.make_node("Softmax", ["x"], ["y"], "s", axis=0)], {}), "over the samples"),
    (graph([helper.make_node("Relu", ["x"], ["y"], "r")], {}, ("n", None)), "no fixed shape"),
    (
        graph(
            [helper.make_node("Conv", ["x", "K"], ["y"], "c", dilations=[2, 2])],
            {"K": np.ones((2, 2, 2, 2), np.float32)},
            ("n", 2, 4, 4),
        ),
        r'Conv node "c" with dilations \[2, 2\]: windows have no gaps',
    ),
    (
        graph([helper.make_node("Relu", ["x"], ["y"], "r")], {}, ("n", 4, 4)),
        "m.onnx: the network's output must be",
    ),
    (
        graph([helper.make_node("Pad", ["x", "p"], ["y"], "p")], {"p": np.array([0, 1, 0, 1])}),
        '"y" is padded: no layer pads by itself',
    ),
    (
        graph(
            [
                helper.make_node("Pad", ["x", "p", "v"], ["h"], "p"),
                helper.make_node("MaxPool", ["h"], ["y"], "m", kernel_shape=[2]),
            ],
            {"p": np.array([0, 0, 1, 0, 0, 0]), "v": np.float32(0)},
            ("n", 2, 4),
        ),
        'MaxPool node "m": pads with 0: here -inf lies around the image',
    ),
    (
        graph([helper.make_node("Gelu", ["x"], ["y"], "g", domain="other")], {}),
        'Gelu node "g" of other has no layer here',
    ),
]


@pytest.mark.parametrize(("model", "message"), BAD, ids=[m for _, m in BAD])
def test_a_bad_file_is_refused_in_one_line(model: Any, message: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "outside.bin").write_bytes(W.tobytes())
    (folder / "short.bin").write_bytes(b"12345678")
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(cr.ModelFileError, match=message) as caught:
        cr.load_onnx(folder / "m.onnx")
    assert "\n" not in str(caught.value)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(W.tobytes())
    (folder / "W.bin").symlink_to(tmp_path / "secret.bin")
    (folder / "m.onnx").write_bytes(external("W.bin").SerializeToString())
    with pytest.raises(cr.ModelFileError, match="outside"):
        cr.load_onnx(folder / "m.onnx")


def test_a_missing_file_and_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(cr.ModelFileError, match="No such file"):
        cr.load_onnx(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a model")
    with pytest.raises(cr.ModelFileError, match="no ONNX file"):
        cr.load_onnx(tmp_path / "text.onnx")


def test_the_difference_from_onnxruntime_is_told(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    onnx.save(dense(), tmp_path / "m.onnx")
    compared = difference(cr.load_onnx(tmp_path / "m.onnx"), tmp_path / "m.onnx")
    assert compared is not None
    assert compared[0] == 64
    assert compared[1] < 1e-5


@pytest.mark.parametrize("header", [True, False])
def test_another_loss_takes_the_network_up_to_its_link(header: bool, tmp_path: Path) -> None:
    network = cr.Sequential(cr.Dense(4), cr.Tanh(), cr.Dense(3))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(2,))
    model.export_onnx(tmp_path / "m.onnx")
    if not header:
        behead(tmp_path / "m.onnx")
    back = cr.load_onnx(tmp_path / "m.onnx", cr.SoftmaxCrossEntropy(0.1), cr.SGD(0.1))
    assert (back.network, back.loss, back.optimizer) == (
        network, cr.SoftmaxCrossEntropy(0.1), cr.SGD(0.1)
    )  # fmt: skip
    x = np.ones((2, 2))
    np.testing.assert_allclose(back.predict_proba(x), model.predict_proba(x), atol=1e-7)


def test_logits_are_compared_as_logits_and_weights_beside_the_model_are_found(
    tmp_path: Path,
) -> None:
    pytest.importorskip("onnxruntime")
    (tmp_path / "W.bin").write_bytes(W.tobytes())
    (tmp_path / "m.onnx").write_bytes(external("W.bin").SerializeToString())
    model = cr.load_onnx(tmp_path / "m.onnx", cr.SoftmaxCrossEntropy())
    compared = difference(model, tmp_path / "m.onnx")
    assert compared is not None
    assert compared[1] < 1e-5


@pytest.mark.parametrize(
    ("options", "layer"),
    [
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, cr.Conv2D(4, 3, 2, ((0, 1), (0, 1)))),
        ({"auto_pad": "SAME_UPPER"}, cr.Conv2D(4, 3, padding=1)),
        ({"pads": [1, 0, 1, 2]}, cr.Conv2D(4, 3, padding=((1, 1), (0, 2)))),
        ({"group": 2}, None),
    ],
)
def test_windows_of_others_agree_with_onnxruntime(
    options: dict[str, Any], layer: Any, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    K = np.random.default_rng(0).normal(size=(4, 4 // options.get("group", 1), 3, 3))
    nodes = [
        helper.make_node("Pad", ["x", "p"], ["padded"], "pad"),
        helper.make_node("Conv", ["padded", "K"], ["h"], "c", **options),
        helper.make_node("Clip", ["h", "low", "high"], ["a"], "six"),
        helper.make_node("MaxPool", ["a"], ["b"], "m", kernel_shape=[2, 2], ceil_mode=1,
                         strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["b"], ["g"], "mean"),
        helper.make_node("Flatten", ["g"], ["y"], "f"),
    ]  # fmt: skip
    pads = np.zeros(8, np.int64)
    weights = {
        "p": pads, "K": K.astype(np.float32), "low": np.float32(0), "high": np.float32(6)
    }  # fmt: skip
    onnx.save(graph(nodes, weights, ("batch", 4, 6, 6)), tmp_path / "m.onnx")
    model = cr.load_onnx(tmp_path / "m.onnx")
    found = model.network.layers[0]
    assert layer is None or found == layer
    if layer is None:
        assert repr(found).count("Conv2D(2, 3)") == 2
    assert cr.Clip(0, 6) in model.network.layers
    compared = difference(model, tmp_path / "m.onnx")
    assert compared is not None
    assert compared[1] < 1e-5


def test_pads_before_a_convolution_are_joined_to_it(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    nodes = [
        helper.make_node("Pad", ["x", "p"], ["padded"], "pad"),
        helper.make_node("Transpose", ["padded"], ["t"], "turn", perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["t", "K"], ["h"], "c", strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["h"], ["g"], "mean"),
        helper.make_node("Flatten", ["g"], ["y"], "f"),
    ]
    pads = np.array([0, 0, 1, 0, 0, 1, 2, 0])
    K = np.random.default_rng(0).normal(size=(3, 2, 3, 3)).astype(np.float32)
    onnx.save(graph(nodes, {"p": pads, "K": K}, ("batch", 6, 6, 2)), tmp_path / "m.onnx")
    model = cr.load_onnx(tmp_path / "m.onnx")
    assert model.network.layers[0] == cr.Conv2D(3, 3, 2, ((0, 1), (1, 2)))
    compared = difference(model, tmp_path / "m.onnx")
    assert compared is not None
    assert compared[1] < 1e-5
