from __future__ import annotations

from typing import Any

import pytest

import chainrule as cr
from chainrule.doctor import callback
from doctor_cases import CE, digits, net, usual
from small import classification, classifier


def test_a_problem_is_said_once_when_it_first_shows(capsys: Any) -> None:
    x, y = digits()
    doctor = cr.Doctor()
    model = cr.Model(net(cr.Dense(24), cr.Dense(10), cr.Softmax()), CE())
    model.fit(x, y, epochs=3, callbacks=[doctor], verbose=0, engine="numpy")
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said] == ["doctor, epoch 1"] * 2
    assert "To mend it:" in said[0]
    assert doctor.report is not None
    assert set(doctor.first_seen.values()) == {1}
    assert len(doctor.report.problems) == len(doctor.first_seen) == 2


def test_it_can_stop_the_training() -> None:
    x, y = digits()
    model = cr.Model(usual(), CE(), cr.Adam(1.0))
    doctor = cr.Doctor(stop=True, quiet=True)
    history = model.fit(x, y, epochs=9, callbacks=[doctor], verbose=0, engine="numpy")
    assert history.epochs < 9
    assert history.stopped == f"the doctor found a problem: {next(iter(doctor.first_seen))}"


def test_it_says_where_a_training_broke() -> None:
    x, y = digits()
    model, doctor = cr.Model(usual(), CE(), cr.SGD(1e38)), cr.Doctor(quiet=True)
    with pytest.raises(cr.DivergenceError):
        model.fit(x, y, callbacks=[doctor], verbose=0, engine="numpy")
    assert doctor.report is not None
    found = doctor.report["learning rate too high"]
    assert "in epoch 1, at step 2" in found.evidence


def test_it_does_not_change_the_training_and_is_silent_when_all_is_well(capsys: Any) -> None:
    x, y = classification()
    watched, alone = classifier(), classifier()
    doctor = cr.Doctor(every=2)
    one = watched.fit(x, y, epochs=5, callbacks=[doctor], verbose=0)
    assert one.curves == alone.fit(x, y, epochs=5, verbose=0).curves
    assert capsys.readouterr().err == ""
    assert doctor.report is not None
    assert doctor.report.healthy
    with pytest.raises(cr.ConfigurationError, match="every must be at least 1"):
        cr.Doctor(0)


def test_a_note_after_fit_names_the_problems_on_stderr(capsys: Any) -> None:
    x, y = digits()
    model = cr.Model(net(cr.Dense(24), cr.Dense(10), cr.Softmax()), CE())
    model.fit(x, y, epochs=1, verbose=2, engine="numpy")
    output = capsys.readouterr()
    notes = [line for line in output.err.splitlines() if line.startswith("doctor: ")]
    assert len(notes) == 2
    assert notes[0].startswith('doctor: softmax twice, Softmax() at "2": ')
    assert output.out == ""
    model.fit(x, y, epochs=1, verbose=0, engine="numpy")
    model.fit(x, y, epochs=1, verbose=2, callbacks=[cr.Doctor(quiet=True)], engine="numpy")
    assert "doctor" not in capsys.readouterr().err


def test_there_is_no_note_where_nothing_is_wrong(capsys: Any) -> None:
    x, y = digits()
    cr.Model(usual(), CE()).fit(x, y, epochs=2, verbose=2, engine="numpy", validation_split=0.1)
    assert "doctor" not in capsys.readouterr().err


def test_a_fault_of_the_doctor_does_not_spoil_a_training(capsys: Any, monkeypatch: Any) -> None:
    def fail(training: Any) -> None:
        raise RuntimeError("no pulse")

    monkeypatch.setattr(callback, "look", fail)
    x, y = classification()
    history = classifier().fit(x, y, epochs=2, verbose=2)
    assert history.epochs == 2
    assert (
        "doctor: could not look at this training (RuntimeError: no pulse)"
        in capsys.readouterr().err
    )


def test_after_three_problems_the_rest_is_only_named(capsys: Any) -> None:
    x, y = digits()
    model = cr.Model(net(cr.Dense(24), cr.Dense(24), cr.Dense(10), cr.Softmax()), CE())
    model.fit(x * 3000, y, epochs=1, verbose=2, engine="numpy")
    notes = [line for line in capsys.readouterr().err.splitlines() if line.startswith("doctor: ")]
    assert len(notes) == 4
    assert notes[-1].endswith("cr.examine(model, x, y) says more")
