"""Boards: the printed formulas are the texts', wherever the texts fit their own shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import ConfigurationError, DataError
from chainrule.explaining.board import BOARDS, Board, board_from_data
from chainrule.explaining.board_file import BUILT_IN, drawn, read_board
from chainrule.explaining.boxes import Boxes
from chainrule.explaining.explain import explain
from chainrule.explaining.numbers import written
from chainrule.explaining.page import Page
from chainrule.formulas import Letter
from explained_pages import example, lines

FILES = Path(__file__).parents[2] / "examples" / "boards"


def formulas(page: Page) -> list[str]:
    """Every formula of a page as it is printed: `left = right`."""
    return [
        f"{written(Boxes(), Letter(one.left), page.letters)} = "
        f"{written(Boxes(), formula, page.letters, line=one)}"
        for one in lines(page)
        for formula in one.formulas
    ]


def page_of(name: str, **options: Any) -> Page:
    model, x, y, board = read_board(FILES / f"{name}.toml")
    return explain(model, x, y, board=board, **options).page


# What each text writes, letter for letter.
TEXTS = {
    "text_a": [
        "Y = W·X + B", "Y = σ(X)", "∂L/∂W = ∂L/∂Y·Xᵀ", "∂L/∂B = ∂L/∂Y", "∂L/∂X = Wᵀ·∂L/∂Y",
        "∂L/∂X = ∂L/∂Y σ′(X)",
    ],
    "text_b": [
        "z¹ = (w¹)ᵀ·x + b¹", "a¹ = σ(z¹)", "C = ½ Σ (a² − y)²", "∂C/∂w² = ∂C/∂z²·(a¹)ᵀ",
        "w²′ = w² − η·∂C/∂w²", "b²′ = b² − η·∂C/∂b²",
    ],
    "text_c": [
        "z = wᵀ·X + b", "A = σ(z)", "J = 1/m · Σ columns of ℒ", "dw = 1/m · X·(A − Y)ᵀ",
        "db = 1/m · Σᵢ (A − Y)", "w′ = w − η·dw",
    ],
    "text_c_two_layers": [
        "z[1] = W[1]·x + b[1]", "a[2] = σ(z[2])", "da[2] = (a[2] − y)/(a[2] * (1 − a[2]))",
        "dz[2] = a[2] − y", "dW[2] = (a[2] − y) * a[1]ᵀ", "db[2] = a[2] − y",
        "dz[1] = da[1] * a[1] * (1 − a[1])",
    ],
    "text_d": [
        "Z¹ = A⁰·W¹ + B¹", "A¹ = ReLU(Z¹)", "A² = softmax(Z²)", "ΔZ¹ = ∂L/∂A¹ ⊙ ReLU′(Z¹)",
        "∂L/∂W² = (A¹)ᵀ·ΔZ²", "L = −Σᵢ Σₖ Y ⊙ ln(A²)",
    ],
    "text_e": [
        "Y = W·X + B", "dE/dW = dE/dY·Xᵀ", "dE/dB = dE/dY", "dE/dX = Wᵀ·dE/dY",
        "dE/dX = dE/dY ∘ tanh′(X)", "E = ½ Σₖ (Y − T)²",
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_the_formulas_are_the_texts(name: str) -> None:
    printed = formulas(page_of(name))
    for formula in TEXTS[name]:
        assert formula in printed, f"{formula}\nis not among\n" + "\n".join(printed)


def test_plain_boards() -> None:
    columns = formulas(example(notation="columns").page)
    assert {"Z₁ = W₁·X + b₁", "dW₁ = dZ₁·Xᵀ", "dX = W₁ᵀ·dZ₁", "db₁ = dZ₁"} <= {*columns}
    rows = formulas(example(notation="rows").page)
    assert {"Z₁ = X·W₁ + b₁", "dW₂ = A₁ᵀ·dZ₂", "dX = dZ₁·W₁ᵀ"} <= {*rows}
    transposed = formulas(example(notation="transposed").page)
    assert {"Z₁ = W₁ᵀ·X + b₁", "dW₁ = X·dZ₁ᵀ", "dX = W₁·dZ₁"} <= {*transposed}


@pytest.mark.parametrize(
    ("name", "theirs", "here", "verdict"),
    [
        ("text_d", "∂L/∂W¹ = ΔZ¹·(A⁰)ᵀ", "∂L/∂W¹ = (A⁰)ᵀ·ΔZ¹", "does not fit"),
        ("text_e", "dE/dX = dE/dY·Wᵀ", "dE/dX = Wᵀ·dE/dY", "(2,1)·(3,2) does not fit"),
        ("text_c_two_layers", "da[1] = (a[2] − y)·W[2]", "da[1] = W[2]ᵀ·(a[2] − y)", "shape"),
        ("text_c", "z = w + b", "z = wᵀ·X + b", "another shape"),
    ],
)
def test_errata_show_both(name: str, theirs: str, here: str, verdict: str) -> None:
    model, x, y, board = read_board(FILES / f"{name}.toml")
    text = str(explain(model, x, y, board=board))
    errata = text[text.index("ERRATA") :]
    (line,) = [line for line in errata.split("\n") if theirs in line]
    assert line.strip().startswith("the text:")
    assert verdict in line
    assert f"here:     {here}" in errata


def test_a_chain_is_the_texts() -> None:
    text = str(explain(*read_board(FILES / "text_b.toml")[:3], board="pes", form="chain"))
    assert "∂C/∂b² =  ∂C/∂a²  · ∂a²/∂z² · ∂z²/∂b²" in text
    one = drawn({**BUILT_IN, "sizes": [1, 1, 1], "x": [0.7], "weights": {}})
    single = str(explain(*one[:3], board="pes", form="chain", focus="w²"))
    assert "∂C/∂a²  · ∂a²/∂z² · ∂z²/∂w²" in single


@pytest.mark.parametrize("name", [*BOARDS])
@pytest.mark.parametrize("form", ["matrix", "chain", "index", "derive"])
def test_every_board_takes_every_form(name: str, form: str) -> None:
    assert len(str(example(board=name, form=form))) > 1000


@pytest.mark.parametrize("path", sorted(FILES.glob("*.toml")), ids=lambda p: p.stem)
def test_the_example_files_are_explained(path: Path) -> None:
    page = page_of(path.stem)
    assert page.checked[0] == page.checked[1] > 0


def test_the_example_file_is_the_built_in_network() -> None:
    model, x, y, _ = read_board(FILES / "two_two_one.toml")
    columns = explain(model, x, y, notation="columns", sample="")
    assert str(columns) == str(example(notation="columns"))


# The numbers of the shared example, as they are printed there.
DIGITS = """
⎡−0.0800⎤|⎣−0.1500⎦|⎡0.4800⎤|⎣0.4626⎦|[0.3649]|0.5902|0.0761|0.3902|0.0944|[0.0453  0.0437]|0.4098
⎡ 0.1416⎤|⎣−0.1133⎦|⎡0.5200⎤|⎣0.5374⎦|⎡ 0.0353⎤|⎣−0.0282⎦|⎡−0.0423⎤|⎣ 0.0388⎦|0.1528|⎡0.2823⎤
"""


def test_the_digits_of_the_example() -> None:
    text = str(example(notation="columns"))
    for digits in DIGITS.strip().replace("\n", "|").split("|"):
        assert digits in text, digits
    assert "⎡ 0.0247   0.0212⎤" in text
    assert "⎣−0.0197  −0.0169⎦" in text
    assert "⎡−0.8124   0.2894⎤" in text
    assert "⎣ 0.5099  −0.9916⎦" in text
    assert "[1.4773  −1.2218]" in text
    assert "L on this sample would fall from 0.0761 to 0.0680; the model stays as it was." in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sizes": [2]}, "sizes must be whole numbers"),
        ({"colour": 1}, 'unknown setting in the board "colour"'),
        ({"activations": ["sigmoid"]}, "one for each of the 2 layers"),
        ({"activations": "sigmod"}, 'did you mean "sigmoid"'),
        ({"loss": "absolute"}, "unknown loss"),
        ({"notation": "diagonal"}, "diagonal"),
        ({"weights": {"W7": [[1.0]]}}, 'unknown parameter in the board "W7"'),
        ({"weights": {"W1": [[1.0]]}}, "0.W"),
        ({"fixed": ["c1"]}, "unknown parameter"),
        ({"x": ["a", "b"]}, "x must be numbers"),
        ({"board": {"like": "rows", "letter": "X"}}, 'did you mean "letters"'),
        ({"board": "ensai"}, 'did you mean "ensia"'),
    ],
)
def test_a_board_that_is_wrong_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises((ConfigurationError, ValueError)) as caught:
        drawn({**BUILT_IN, **change})
    assert said in str(caught.value)


def test_a_missing_setting_and_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="x is missing"):
        drawn({"sizes": [1, 1], "y": [1.0]})
    (tmp_path / "b.toml").write_text("sizes = [")
    with pytest.raises(DataError, match="no TOML"):
        read_board(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"per_layer": 1}, "per_layer of the board must be true or false"),
        ({"letters": "X"}, "letters of the board must be a table"),
        ({"letters": {"lossy": "E"}}, "unknown setting of the letters"),
        ({"notation": "diagonal"}, "unknown notation"),
        ({"errata": [{"wy": "x"}]}, "unknown setting of an erratum"),
        ({"like": "row"}, 'did you mean "rows"'),
    ],
)
def test_a_boards_table_that_is_wrong_is_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        board_from_data(table)
    assert said in str(caught.value)


def test_a_board_of_ones_own() -> None:
    board = board_from_data({
        "notation": "columns",
        "bases": {"W": "θ", "Z": "s"},
        "letters": {"loss": "E", "gradient": "δW", "index": "parentheses"},
        "errata": ["Nothing is wrong."],
    })  # fmt: skip
    printed = formulas(example(board=board).page)
    assert "s⁽¹⁾ = θ⁽¹⁾·X + b⁽¹⁾" in printed
    assert "δθ⁽¹⁾ = δs⁽¹⁾·Xᵀ" in printed
    assert "Nothing is wrong." in str(example(board=board))
    assert isinstance(board, Board)


def test_notation_and_board_together_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="a board or a notation"):
        example(board="pes", notation="rows")
    with pytest.raises(ConfigurationError, match="unknown form"):
        example(form="matrx")
