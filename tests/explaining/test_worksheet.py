"""Worksheets: the same name gives the same sheet, and the key solves it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ConfigurationError, DataError
from chainrule.explaining.answers import (
    board_from_text,
    board_text,
    mark_file,
    read_sheet,
    template,
)
from chainrule.explaining.board import BOARDS, board_from_data
from chainrule.explaining.friendly import draw, is_friendly
from chainrule.explaining.marking import mark
from chainrule.explaining.page import Line
from chainrule.explaining.worksheet import Worksheet, worksheet
from explained_pages import lines


def two_layers(**options: Any) -> cr.Model:
    network = cr.Sequential(cr.Dense(2), cr.Sigmoid(), cr.Dense(1), cr.Sigmoid())
    return cr.Model(network, cr.SquaredError(), cr.SGD(0.5), input_shape=(2,), **options)


MODELS = {
    "sigmoid": two_layers,
    "one neuron": lambda: cr.Model(
        cr.Sequential(cr.Dense(1), cr.Sigmoid()), cr.BinaryCrossEntropy(), cr.SGD(0.1),
        input_shape=(3,),
    ),
    "classes": lambda: cr.Model(
        cr.Sequential(cr.Dense(2), cr.ReLU(), cr.Dense(3), cr.Softmax()), cr.CrossEntropy(),
        cr.Adam(), input_shape=(2,),
    ),
    "regression": lambda: cr.Model(
        cr.Sequential(cr.Dense(2), cr.Tanh(), cr.Dense(2)), cr.SquaredError("mean"),
        cr.SGD(0.2), input_shape=(2,),
    ),
}  # fmt: skip


def sheets() -> list[tuple[str, str, int]]:
    return [
        (name, board, count) for name in MODELS for board, count in
        (("rows", 1), ("columns", 2), ("ensia", 1), ("savoga", 3), ("neuronine", 2))
    ]  # fmt: skip


def numbers(sheet: Worksheet) -> list[list[Any]]:
    return [np.asarray(line.result).tolist() for line in sheet.lines]


def test_the_same_name_gives_the_same_sheet() -> None:
    one, two = (worksheet(two_layers(seed=s), "ada") for s in (0, 7))
    assert numbers(one) == numbers(two)
    assert str(one.blank) == str(two.blank)


def test_other_names_give_other_sheets() -> None:
    names = ("ada", "bob", "eve", "Ada", "ada ")
    seen = {str(numbers(worksheet(two_layers(), name))) for name in names}
    assert len(seen) == len(names)


@pytest.mark.parametrize(("name", "board", "count"), sheets())
def test_the_key_solves_the_sheet(name: str, board: str, count: int) -> None:
    sheet = worksheet(MODELS[name](), "ada", board=board, samples=count)
    marking = mark(sheet, sheet.answers)
    assert marking.is_right, str(marking)
    assert marking.first_wrong is None
    assert len(marking.marks) == len(sheet.keys) == len(set(sheet.keys))


@pytest.mark.parametrize("student", ["ada", "bob", "李", "x" * 200])
@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_friendly(name: str, student: str) -> None:
    sheet = worksheet(MODELS[name](), student)
    for value in sheet.model.parameters.values():
        assert np.allclose(value * 10, np.round(value * 10))
        assert np.abs(value).max() <= 2
    assert is_friendly(sheet.lines)


def test_the_blank_sheet_shows_what_is_given_and_no_result() -> None:
    sheet = worksheet(two_layers(), "ada", board="columns")
    text = str(sheet.blank)
    assert text.count("________") == sum(np.size(line.result) for line in sheet.lines)
    given = [b for b in lines(sheet.blank.page) if not b.formulas]
    assert [b.left for b in given] == ["X", "Y", "W1", "b1", "W2", "b2", "learning_rate"]
    for line in lines(sheet.blank.page):
        assert line.blank == bool(line.formulas)
        assert line.digits is None
    for line in lines(sheet.solved.page):
        assert not line.blank
    assert "would fall" not in text
    assert "________" not in str(sheet.solved)
    for n in range(1, len(sheet.lines) + 1):
        assert f"({n})" in text


def test_html_and_latex_have_a_box_for_each_number() -> None:
    sheet = worksheet(two_layers(), "ada")
    boxes = sum(int(np.size(line.result)) for line in sheet.lines)
    assert sheet.blank.to_html().count('class="blank"') == boxes
    assert sheet.blank.to_latex().count(r"\framebox") == boxes


def test_the_model_stays_as_it_was() -> None:
    model = two_layers()
    before = {n: p.copy() for n, p in model.parameters.items()}
    worksheet(model, "ada")
    for name, value in model.parameters.items():
        np.testing.assert_array_equal(value, before[name])


def test_a_large_network_is_refused() -> None:
    model = cr.Model(cr.Dense(60), cr.SquaredError(), input_shape=(50,))
    with pytest.raises(ConfigurationError, match=r"written out.* is 1×60"):
        worksheet(model, "ada")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"name": ""}, "needs a name"), ({"name": "ada", "samples": 0}, "1 sample or more"),
     ({"name": "ada", "board": "green"}, "green")],
)  # fmt: skip
def test_bad_settings_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        worksheet(two_layers(), **options)


def test_a_model_that_is_not_built_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not built"):
        worksheet(cr.Model(cr.Dense(1), cr.SquaredError()), "ada")


def test_each_choice_is_used_before_one_comes_again() -> None:
    drawn = draw("ada", 0, "W", (1, 2, 3, 4), (8,))
    assert sorted(drawn[:4]) == sorted(drawn[4:]) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("values", "friendly"),
    [([0.5, -1.0], True), ([0.5, 0.001], False), ([0.01], False), ([13.0], False),
     ([np.nan], False), ([0.0, 0.5], True), ([0.0], False)],
)  # fmt: skip
def test_what_friendly_means(values: list[float], friendly: bool) -> None:
    assert is_friendly([Line("Z", (), {}, np.array(values))]) is friendly


# --- the file of answers ----------------------------------------------------------------------


def test_the_template_holds_a_question_mark_for_each_number(tmp_path: Path) -> None:
    sheet = worksheet(two_layers(), 'a "b" \\ c', board="columns")
    path = tmp_path / "answers.toml"
    path.write_text(template(sheet), encoding="utf-8")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert tuple(data["answers"]) == sheet.keys
    assert str(data["answers"]).count("?") == sum(np.size(line.result) for line in sheet.lines)
    again, answers = read_sheet(path)
    assert numbers(again) == numbers(sheet)
    marks = mark(again, answers).marks
    assert {m.verdict for m in marks} == {"open"}


@pytest.mark.parametrize(("name", "board", "count"), sheets())
def test_the_file_with_the_key_is_right(name: str, board: str, count: int, tmp_path: Path) -> None:
    sheet = worksheet(MODELS[name](), "ada", board=board, samples=count)
    path = tmp_path / "answers.toml"
    path.write_text(template(sheet, sheet.answers), encoding="utf-8")
    assert mark_file(path, "ada").is_right


@pytest.mark.parametrize("board", [*BOARDS.values(), board_from_data(
    {"like": "pes", "letters": {"loss": "E", "scalars": ["c"]}})])  # fmt: skip
def test_a_board_survives_its_text(board: Any) -> None:
    again = board_from_text(board_text(board))
    assert again == board


def test_another_students_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(template(worksheet(two_layers(), "ada")), encoding="utf-8")
    with pytest.raises(ConfigurationError, match='"ada", not of "bob"'):
        mark_file(path, "bob")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a = [", "no TOML"), ("a = 1", r"\[sheet\] and \[answers\]"),
     ('[sheet]\nname = "ada"\n[answers]\n', "lacks board"),
     ('[sheet]\nname="a"\nboard="rows"\nsamples=1\nrecipe="{}"\n[answers]\n', "cannot be read")],
)  # fmt: skip
def test_a_file_that_is_no_file_of_answers(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        mark_file(path)


def test_unknown_lines_and_words_are_refused() -> None:
    sheet = worksheet(two_layers(), "ada")
    with pytest.raises(ConfigurationError, match="dW9"):
        mark(sheet, {"dW9": 1.0})
    with pytest.raises(DataError, match="L: expected numbers"):
        mark(sheet, {"L": "much"})
