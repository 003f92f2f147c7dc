"""LaTeX that compiles with amsmath alone: ASCII, balanced, and compiled where TeX is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.explaining.board import BOARDS
from chainrule.explaining.explain import FORMS, explain
from chainrule.explaining.latex import as_formula, as_latex
from chainrule.explaining.page_latex import PageLatex, folded, rows_of, width
from chainrule.explaining.tex import code, in_math, prose
from chainrule.explaining.worksheet import worksheet
from explained_pages import CASES, example

needs_tex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")


def balanced(text: str) -> bool:
    depth = 0
    for token in re.findall(r"\\[{}\\]|[{}]", text):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth < 0:
            return False
    opened = re.findall(r"\\begin\{(\w+\*?)\}", text)
    closed = re.findall(r"\\end\{(\w+\*?)\}", text)
    lefts, rights = len(re.findall(r"\\left\b", text)), len(re.findall(r"\\right\b", text))
    return depth == 0 and sorted(opened) == sorted(closed) and lefts == rights


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_every_page_is_ascii_and_balanced(name: str, form: str) -> None:
    model, x, y = CASES[name]()
    page = explain(model, x, y, board="pes", form=form).page
    for text in (as_latex(page), as_formula(page)):
        assert text.isascii()
        assert "\x1f" not in text
        assert balanced(text)
    assert re.findall(r"\\usepackage\{(\w+)\}", as_latex(page)) == ["amsmath"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a_1 & 50 %", r"a\_1 \& 50 \%"), ("W₁₂ᵀ", r"W\(_{12}^{\top}\)"), ("ŷ", r"\(\hat{y}\)"),
     ("e⁻ˣ", r"e\(^{-x}\)"), ("½ Σ", r"\(\frac{1}{2}\) \(\sum\)"), ("é", r"\'{e}"),
     ("漢", "{[}U+6F22{]}")],
)  # fmt: skip
def test_words_become_ascii(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_source_keeps_its_quotes() -> None:
    assert code('params["W"] * 2') == r'\texttt{params{[}"W"{]} * 2}'


def test_formulas_become_ascii() -> None:
    assert in_math("ŷ") == r"\hat{y}"
    assert in_math("a → b") == r"a \to  b"


def test_a_long_formula_is_folded_at_its_outer_operators() -> None:
    form = PageLatex()
    matrix = form.matrix([["0.1234"] * 5] * 2)
    long = form.infix(form.infix(matrix, "·", matrix, False), "+", matrix, True)
    assert len(rows_of(long)) == 3
    rows = folded(long, width(matrix) * 2 + 10)
    assert len(rows) == 2
    assert rows[1].startswith("+")


def compiled(text: str, folder: Path) -> str:
    (folder / "page.tex").write_text(text, encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return log


@needs_tex
@pytest.mark.parametrize("form", FORMS)
def test_the_example_compiles_and_fits_the_paper(form: str, tmp_path: Path) -> None:
    log = compiled(as_latex(example(form=form, board="columns").page), tmp_path)
    assert "Overfull" not in log


@needs_tex
@pytest.mark.parametrize("board", ["ensia", "pes", "savoga", "neuronine", "ai-library"])
def test_every_board_compiles(board: str, tmp_path: Path) -> None:
    assert board in BOARDS
    model, x, y = CASES["classes"]()
    compiled(as_latex(explain(model, x, y, board=board).page), tmp_path)


@needs_tex
def test_a_worksheet_compiles(tmp_path: Path) -> None:
    model = cr.Model(cr.Dense(2), cr.SquaredError(), cr.SGD(0.5), input_shape=(2,))
    text = worksheet(model, "ada").blank.to_latex()
    assert text.count(r"\framebox") > 10
    compiled(text, tmp_path)
