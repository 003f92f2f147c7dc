from __future__ import annotations

import io
from typing import Any

import pytest

import chainrule as cr
from chainrule.training.progress import LinePerEpoch, ProgressBar, describe, progress, worth_a_line
from small import classification, classifier

X, Y = classification()


def test_without_a_terminal_there_is_a_line_per_epoch_on_stderr(capsys: Any) -> None:
    model = classifier()
    model.fit(X, Y, 2, 8, validation_split=0.2, engine="numpy")
    output = capsys.readouterr()
    assert output.out == ""
    first, *lines = output.err.splitlines()
    assert first == "numpy"
    assert len(lines) == 2
    assert lines[0].startswith("epoch 1/2  loss ")
    assert " %  validation loss " in lines[1]
    assert lines[1].endswith(" s")
    model.fit(X, Y, 1, 8, engine="numpy")
    assert "epoch 3/3  loss" in capsys.readouterr().err


def test_nothing_is_shown_when_nothing_is_asked(capsys: Any) -> None:
    classifier().fit(X, Y, 2, 8, verbose=0)
    output = capsys.readouterr()
    assert output.out == output.err == ""


def test_a_bar_shows_loss_validation_and_epochs(capsys: Any) -> None:
    classifier().fit(X, Y, 2, 8, validation_split=0.2, verbose=1, engine="numpy")
    output = capsys.readouterr()
    assert output.out == ""
    assert "epoch 2/2  loss" in output.err
    assert "validation loss" in output.err


def test_the_reason_of_an_early_end_is_shown(capsys: Any) -> None:
    class Enough(cr.Callback):
        def on_epoch(self, training: Any) -> None:
            training.stop("enough")

    for verbose in (1, 2):
        classifier().fit(X, Y, 5, 8, verbose=verbose, callbacks=[Enough()])
        assert "stopped: enough" in capsys.readouterr().err


def test_a_terminal_gets_the_bar(monkeypatch: Any) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stderr", Terminal())
    assert [type(callback) for callback in progress("auto")] == [ProgressBar]
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert [type(callback) for callback in progress("auto")] == [LinePerEpoch]


@pytest.mark.parametrize("verbose", [3, "yes", -1, None])
def test_another_verbosity_is_refused(verbose: Any) -> None:
    with pytest.raises(cr.ConfigurationError, match='verbose must be 0, 1, 2 or "auto"'):
        classifier().fit(X, Y, verbose=verbose)


def test_values_are_told_in_words() -> None:
    assert describe({"loss": 0.12345, "accuracy": 0.987, "mine": 2}) == (
        "loss 0.1235  accuracy 98.70 %  mine 2.0000"
    )


@pytest.mark.parametrize("epochs", [1, 40, 41, 100, 5000])
def test_a_long_training_does_not_flood_the_screen(epochs: int) -> None:
    shown = [epoch for epoch in range(1, epochs + 1) if worth_a_line(epoch, epochs)]
    assert len(shown) <= 40
    assert {1, epochs} <= set(shown)
