"""Receipts, budgets, and models that many threads and processes use."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import receipt
from chainrule.cli import main
from chainrule.training.callbacks.budget import limits
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
    with pytest.raises(cr.ConfigurationError, match=r"needs about .* MB = .* MB data \+ .* MB par"):
        classifier().fit(X, Y, 1, callbacks=[cr.Budget(memory=1000)], **QUIET)
    classifier().fit(X, Y, 1, callbacks=[cr.Budget(memory=10**6)], **QUIET)


def test_time_that_is_over_ends_a_training_that_can_go_on(tmp_path: Path) -> None:
    model, resumed, whole = classifier(), classifier(), classifier()
    callbacks = [cr.Budget(seconds=1e-9), cr.Checkpoint(tmp_path)]
    history = model.fit(X, Y, 4, 7, callbacks=callbacks, **QUIET)
    assert history.stopped == "the 1e-09 seconds are over; the weights are kept"
    resumed.fit(X, Y, 4, 7, callbacks=[cr.Checkpoint(tmp_path, resume=True)], **QUIET)
    whole.fit(X, Y, 4, 7, **QUIET)
    assert same_bits(resumed, whole)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("memory.max", "1000\n", (1000, "the container's limit")),
        ("memory.max", "max\n", (5000, "the limit that was given")),
        ("memory/memory.limit_in_bytes", "9223372036854771712", (5000, "the limit that was given")),
        ("memory/memory.limit_in_bytes", "2000", (2000, "the container's limit")),
    ],
)
def test_a_containers_limit_counts(name: str, text: str, expected: Any, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert limits(5000, tmp_path) == expected


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


def test_a_weight_that_nobody_looks_at_may_not_be_infinite_either() -> None:
    class Spoil(cr.Callback):
        def on_epoch(self, training: Any) -> None:
            params = training.state.params
            b = np.full_like(params["0"]["b"], np.inf)
            params = {**params, "0": {**params["0"], "b": b}}
            training.state = training.state._replace(params=params)

    with pytest.raises(ArithmeticError, match="weights are not finite at step"):
        classifier().fit(X, Y, 1, callbacks=[Spoil()], **QUIET)
