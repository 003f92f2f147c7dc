from __future__ import annotations

import pytest

import chainrule as cr


def test_the_summary_shows_every_layer_and_the_fusion() -> None:
    network = cr.Sequential(cr.Flatten(), cr.Dense(16), cr.ReLU(), cr.Dense(3), cr.Softmax())
    model = cr.Model(network, cr.CrossEntropy(), cr.SGD(0.5), input_shape=(4, 4))
    assert model.summary().splitlines() == [
        "name  layer      output   parameters  multiply-adds  memory  initial weights",
        "─" * 76,
        "0     Flatten()  (m, 16)                               64 B",
        "1     Dense(16)  (m, 16)         272            256    64 B  HeNormal()",
        "2     ReLU()     (m, 16)                               64 B",
        "3     Dense(3)   (m, 3)           51             48    12 B  GlorotUniform()",
        "4     Softmax()  (m, 3)                                12 B",
        "─" * 76,
        "323 parameters, 1,292 bytes as float32",
        "per sample: 304 multiply-adds forward, 216 bytes of outputs",
        "loss CrossEntropy(), optimizer SGD(0.5)",
        "Softmax() + CrossEntropy() are computed as one: SoftmaxCrossEntropy() on logits",
    ]


def test_what_is_held_fixed_and_the_working_precision_are_said() -> None:
    network = cr.Sequential(cr.Dense(16), cr.Dense(3))
    model = cr.Model(network, cr.SquaredError(), input_shape=(4,), dtype="float64")
    model.freeze("0")
    assert "131 parameters, 80 of them held fixed, 1,048 bytes as float64" in model.summary()


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (cr.Dense(7), (5,), 35),
        (cr.Conv2D(8, 3), (10, 12, 4), 8 * 10 * 8 * 3 * 3 * 4),
        (cr.Conv1D(6, 5), (20, 3), 16 * 6 * 5 * 3),
        (cr.Embedding(100, 16), (9,), 0),
        (cr.LayerNorm(), (5, 6), 0),
        (cr.MaxPool(2), (8, 8, 3), 0),
    ],
    ids=repr,
)
def test_multiply_adds_are_counted(layer: cr.Layer, shape: tuple[int, ...], expected: int) -> None:
    assert layer.multiply_adds(shape) == expected
