from __future__ import annotations

import json
from math import inf, nan

import numpy as np
import pytest

import chainrule as cr
from chainrule.doctor.examine import usual_batch
from doctor_cases import CE, digits, net, train, usual
from small import classification, classifier, same_bits


def test_nothing_of_the_model_changes() -> None:
    x, y = classification()
    names = np.array(["red", "green", "blue"])[y]
    model = classifier()
    assert cr.examine(model, x, names).healthy
    assert (model.built, model.targets, model.history.epochs) == (None, None, 0)
    model.fit(x, names, epochs=2, verbose=0)
    before = classifier()
    before.fit(x, names, epochs=2, verbose=0)
    cr.examine(model, x, names, held_out=(x[:5], names[:5]))
    assert same_bits(model, before)
    assert model.history.curves == before.history.curves
    model.fit(x, names, epochs=1, verbose=0)
    before.fit(x, names, epochs=1, verbose=0)
    assert same_bits(model, before)


def test_without_data_only_layers_and_curves_are_looked_at() -> None:
    case = train(net(cr.Dense(8), cr.Dense(10)), epochs=2)
    found = cr.examine(case.model)
    assert [finding.name for finding in found] == ["two Dense layers with nothing between"]
    assert "dead ReLUs" not in found.looked_for
    assert "needs data, so not looked for:" in str(found)
    with pytest.raises(cr.ConfigurationError, match="x and y together"):
        cr.examine(case.model, case.x)
    with pytest.raises(cr.ConfigurationError, match="not built yet"):
        cr.examine(cr.Model(usual(), CE()))


def test_the_trial_repeats_the_first_steps_of_the_training_itself() -> None:
    x, y = digits()
    model = cr.Model(usual(), CE(), cr.SGD(1e38))
    with pytest.raises(cr.DivergenceError, match="at step 2"):
        model.fit(x, y, epochs=1, verbose=0, engine="numpy")
    finding = cr.examine(model, x, y)["learning rate too high"]
    assert finding.numbers["broke_at"] == 2
    assert "broke at step 2 (the first that is not finite at step 2 is" in finding.evidence
    assert "try 1e+37" in finding.what_to_do
    assert "learning rate too high" not in cr.examine(model, x, y, trial=False)


@pytest.mark.parametrize("batch_size", [None, 7, 32, 600])
def test_the_batch_size_is_told_from_the_steps(batch_size: int | None) -> None:
    case = train(usual(), epochs=2, batch_size=batch_size)
    assert usual_batch(case.model, 600) == (batch_size or 600)


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("name", ["x", "y"])
def test_numbers_that_are_not_finite_are_a_finding(name: str, value: float) -> None:
    x, y = np.linspace(-1, 1, 40)[:, None], np.linspace(-1, 1, 40)
    (x if name == "x" else y)[3] = value
    model = cr.Model(cr.Dense(1), cr.SquaredError())
    finding = cr.examine(model, x, y)["NaN or infinite numbers"]
    first = "x[3, 0]" if name == "x" else "y[3]"
    assert finding.numbers == {"count": 1, "first": f"{first} = {value}"}


def test_what_fit_refuses_is_refused() -> None:
    model = classifier()
    with pytest.raises(cr.ShapeError):
        cr.examine(model, np.zeros((4, 4)), np.zeros(3, int))
    with pytest.raises(cr.DataError, match="out of range"):
        cr.examine(model, np.zeros((4, 4)), np.array([0, 1, 2, 3]))


def test_the_report_in_words_and_as_plain_values() -> None:
    case = train(net(cr.Dense(24), cr.Dense(10)), epochs=6)
    case.model.set_parameters({"1.b": np.where(np.arange(10) == 4, -99.0, 0.0)})
    case.model.history.curves["loss"] = [1.0] * 6
    found = cr.examine(case.model, case.x, case.y)
    lines = str(found).splitlines()
    assert lines[0] == "2 problems (600 samples, 6 epochs, 114 steps)"
    assert lines[2].startswith("1. two Dense layers with nothing between, Dense(24) at")
    assert "2. a class is never predicted, class 4" in lines
    assert max(map(len, lines)) <= 100
    assert lines[-1]
    plain = json.loads(json.dumps(found.to_dict()))
    assert [f["name"] for f in plain["findings"]] == [f.name for f in found]
    assert plain["findings"][0]["numbers"]["layers"] == ["0", "1"]
    with pytest.raises(KeyError, match="found are two Dense"):
        found["dead ReLUs"]


def test_a_table_is_printed_in_aligned_columns() -> None:
    deep = [layer for _ in range(8) for layer in (cr.Dense(9), cr.Sigmoid())]
    case = train(net(*deep, cr.Dense(10)), epochs=0)
    finding = cr.examine(case.model, case.x, case.y)["vanishing gradients"]
    rows = list(finding.rows())
    assert rows[0].split() == ["layer", "‖dY‖", "‖dW‖", "‖W‖"]
    assert len(rows) == 10
    assert len({len(row) for row in rows}) == 1
    norms = finding.numbers["norms"]
    assert list(norms) == [str(2 * i) for i in range(9)]
    assert norms["0"] / norms["16"] == pytest.approx(finding.numbers["ratio"])
    assert all(row in str(cr.examine(case.model, case.x, case.y)) for row in rows)


def test_the_norms_are_those_of_the_gradients() -> None:
    deep = [layer for _ in range(6) for layer in (cr.Dense(9), cr.Sigmoid())]
    x, y = digits()
    case = train(net(*deep, cr.Dense(10)), data=(x[:400], y[:400]), epochs=1)
    table = cr.examine(case.model, case.x, case.y)["vanishing gradients"].table
    gradients = case.model.gradients(case.x, case.y)
    for place, (layer, _, dW, W) in zip(range(0, 13, 2), table[1:], strict=True):
        name = f"{place}.W"
        assert layer.endswith(f'at "{place}"')
        assert float(dW) == pytest.approx(np.linalg.norm(gradients[name]), rel=0.06)
        assert float(W) == pytest.approx(np.linalg.norm(case.model.parameters[name]), rel=0.06)


def test_layers_that_take_indices_are_not_told_to_scale_them() -> None:
    x = np.arange(200).reshape(40, 5)
    model = cr.Model(
        net(cr.Embedding(200, 3), cr.Flatten(), cr.Dense(2)), CE(), input_shape=(5,)
    )  # fmt: skip
    assert "inputs not scaled" not in cr.examine(model, x, np.arange(40) % 2)
