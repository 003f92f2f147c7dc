"""Receipts, budgets, and models that many threads and processes use."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import receipt
from chainrule.cli import main
from small import classification, classifier, same_bits

X, Y = classification()
QUIET: dict[str, Any] = {"verbose": 0, "engine": "numpy"}


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    path = tmp_path / "digits.safetensors"
    command = "train digits --layers 8 --epochs 2 -q --engine numpy --output"
    assert main([*command.split(), str(path)]) == 0
    return path


def test_a_training_is_reproduced_bit_by_bit(digits: Path, capsys: Any) -> None:
    assert main(["reproduce", str(digits), "--exact"]) == 0
    assert "the same bits" in capsys.readouterr().out
    stored = cr.load(digits).receipt
    assert set(stored) == {"seed", "data", "surroundings", "curves", "weights"}
    assert stored["surroundings"]["engine"] == "numpy"
    assert stored["weights"] == receipt.weights_digest(cr.load(digits))


@pytest.mark.parametrize(
    ("noise", "code", "said"), [(1e-7, 0, "but for rounding"), (2.0, 0, "but for rounding")]
)
def test_other_bits_are_said_and_why(
    noise: float, code: int, said: str, digits: Path, capsys: Any
) -> None:
    model = cr.load(digits)
    model.set_parameters({n: p * np.float32(1 + noise) for n, p in model.parameters.items()})
    model.receipt["surroundings"]["numpy"] = "1.0"
    model.save(digits)
    assert main(["reproduce", str(digits)]) == code
    ran = capsys.readouterr()
    assert said in ran.out
    assert f"numpy was 1.0, and is {np.__version__}" in ran.err
    assert main(["reproduce", str(digits), "--exact"]) == 1


def test_other_curves_are_not_reproduced(digits: Path, capsys: Any) -> None:
    model = cr.load(digits)
    model.history.curves["loss"][-1] += 1
    model.save(digits)
    assert main(["reproduce", str(digits)]) == 1
    assert "not reproduced" in capsys.readouterr().out


def test_a_model_may_not_name_code_to_run(digits: Path, capsys: Any) -> None:
    (digits.parent / "evil.py").write_text("raise SystemExit('ran')")
    model = cr.load(digits)
    model.configuration["activation"] = f"{digits.parent / 'evil.py'}:Evil"
    model.save(digits)
    assert main(["reproduce", str(digits)]) == 2
    assert "to run that file, say --import" in capsys.readouterr().err


def test_a_model_without_a_receipt_says_so(tmp_path: Path, capsys: Any) -> None:
    classifier(input_shape=(4,)).save(tmp_path / "model.safetensors")
    assert main(["reproduce", str(tmp_path / "model.safetensors")]) == 2
    assert "holds no receipt" in capsys.readouterr().err


def test_a_training_that_cannot_fit_is_refused_with_the_sum() -> None:
    with pytest.raises(cr.ConfigurationError, match=r"needs about .* MB = .* MB of the .* MB of"):
        classifier().fit(X, Y, 1, callbacks=[cr.Budget(memory=1000)], **QUIET)
    classifier().fit(X, Y, 1, callbacks=[cr.Budget(memory=10**10)], **QUIET)


def test_time_that_is_over_ends_a_training_that_can_go_on(tmp_path: Path) -> None:
    model, resumed, whole = classifier(), classifier(), classifier()
    callbacks = [cr.Budget(seconds=1e-9), cr.Checkpoint(tmp_path)]
    history = model.fit(X, Y, 4, 7, callbacks=callbacks, **QUIET)
    assert history.stopped == "the 1e-09 seconds are over; the weights are kept"
    resumed.fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)
    whole.fit(X, Y, 4, 7, **QUIET)
    assert same_bits(resumed, whole)


def test_eight_threads_get_the_same_answers() -> None:
    model = classifier()
    model.fit(X, Y, 3, **QUIET)
    expected = model.predict_proba(X)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.predict_proba(X), range(200)))
    assert all(np.array_equal(answer, expected) for answer in answers)


def test_a_model_goes_to_another_process() -> None:
    model = classifier()
    model.fit(X, Y, 1, **QUIET)
    copy = pickle.loads(pickle.dumps(model))
    assert same_bits(copy, model)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(cr.Model.predict_proba, (model, X))
    np.testing.assert_array_equal(found, model.predict_proba(X))


@pytest.mark.slow
def test_a_forked_process_is_told_what_it_cannot_do() -> None:
    pytest.importorskip("jax")
    script = """
import os, sys, warnings
import numpy as np, chainrule as cr
warnings.simplefilter("ignore")
x, y = np.ones((20, 2)), np.arange(20) % 2
make = lambda: cr.Model(cr.Dense(2), cr.SoftmaxCrossEntropy(), input_shape=(2,))
make().fit(x, y, 1, verbose=0, engine="xla")
child = os.fork()
if child == 0:
    make().fit(x, y, 1, verbose=0, engine="auto")
    try:
        make().fit(x, y, 1, verbose=0, engine="xla")
    except cr.EngineError as error:
        os._exit(7 if "spawn" in str(error) else 1)
    os._exit(2)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=120).returncode == 7


def test_joblib_spreads_a_models_predictions() -> None:
    joblib = pytest.importorskip("joblib")
    model = classifier()
    model.fit(X, Y, 1, **QUIET)
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(model.predict)(X[i::2]) for i in range(2))
    np.testing.assert_array_equal(found[1], model.predict(X[1::2]))


@pytest.mark.slow
def test_a_float32_sum_over_a_huge_minibatch_does_not_saturate() -> None:
    m = 1 << 25
    x, y = np.ones((m, 1), np.float32), np.ones((m, 3), np.float32)
    model = cr.Model(cr.Dense(3), cr.SquaredError("sum"), cr.SGD(0.5), input_shape=(1,))
    model.set_parameters({"W": np.zeros((1, 3))})
    model.fit(x, y, 1, None, shuffle=False, **QUIET)
    for p in model.parameters.values():
        np.testing.assert_allclose(p, np.ones_like(p), rtol=1e-4)  # 0.5 if it did
    assert model.shards == 32


def test_a_weight_that_nobody_looks_at_may_not_be_infinite_either() -> None:
    class Spoil(cr.Callback):
        def on_epoch(self, training: Any) -> None:
            params = training.state.params
            b = np.full_like(params["0"]["b"], np.inf)
            params = {**params, "0": {**params["0"], "b": b}}
            training.state = training.state._replace(params=params)

    with pytest.raises(ArithmeticError, match="weights are not finite at step"):
        classifier().fit(X, Y, 1, callbacks=[Spoil()], **QUIET)


def test_the_weights_that_answer_are_compared(tmp_path):
    models = []
    for _ in range(2):
        layers = cr.Sequential(cr.Dense(4), cr.Dense(3))
        model = cr.Model(layers, cr.SoftmaxCrossEntropy(), cr.Averaged(cr.Adam(), 0.9))
        model.fit(X, Y, 3, **QUIET)
        models.append(model)
    models[0].save(tmp_path / "m.safetensors")
    assert receipt.agreement(cr.load(tmp_path / "m.safetensors"), models[1]) == ("bits", 0.0)
