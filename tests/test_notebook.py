"""What a notebook shows of a model and of a history."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

import chainrule as cr
from chainrule.training.history import History


def model() -> cr.Model:
    network = cr.Sequential(cr.Dense(8), cr.Tanh(), cr.Dense(2))
    return cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.1))


def test_a_model_is_a_table_of_its_layers() -> None:
    one = model()
    assert "not built yet" in one._repr_html_()
    one.build((3,))
    text = one._repr_html_()
    ElementTree.fromstring(f"<div>{text}</div>")
    for needed in ("Dense(8)", "(m, 8)", '<td style="text-align:right">32</td>', "50 parameters"):
        assert needed in text


def test_a_history_is_a_picture_for_each_measure() -> None:
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    history = model().fit(x, y, epochs=5, batch_size=4, verbose=0, validation_data=(x, y))
    text = history._repr_html_()
    tree = ElementTree.fromstring(f"<div>{text}</div>")
    pictures = list(tree.iter("{http://www.w3.org/2000/svg}svg"))
    assert len(pictures) == 2
    assert [len(list(p.iter("{http://www.w3.org/2000/svg}polyline"))) for p in pictures] == [2, 2]
    assert "5 epochs" in text
    assert "<script" not in text


def test_few_or_odd_values_are_shown_as_well() -> None:
    assert "nothing trained" in History()._repr_html_()
    history = History()
    history.add({"loss": 0.5}, seconds=1.0)
    assert "<circle" in history._repr_html_()
    history.add({"loss": float("nan")}, seconds=1.0)
    ElementTree.fromstring(f"<div>{history._repr_html_()}</div>")
    flat = History({"loss": [float("inf")] * 2}, [1.0, 1.0], stopped="<diverged>")
    assert "no finite values" in flat._repr_html_()
    assert "&lt;diverged&gt;" in flat._repr_html_()
