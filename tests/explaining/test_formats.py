"""Markdown, files by suffix, and what a notebook shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chainrule.errors import ConfigurationError
from chainrule.explaining.explain import FORMS, explain
from chainrule.explaining.latex import FORM
from chainrule.explaining.markdown import as_markdown
from chainrule.explaining.numbers import result, written
from chainrule.explaining.tex import in_math
from chainrule.formulas import Letter
from explained_pages import CASES, example, lines


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_markdown_has_every_line(name: str, form: str) -> None:
    model, x, y = CASES[name]()
    page = explain(model, x, y, board="columns", form=form).page
    text = as_markdown(page)
    assert text.count("$$") % 2 == 0
    assert text.count(r"\begin{aligned}") == text.count(r"\end{aligned}")
    for section in page.sections:
        assert f"## {section.title}" in text
    for line in lines(page):
        assert in_math(written(FORM, Letter(line.left), page.letters)) in text
        assert in_math(result(FORM, line)) in text
        if line.code:
            assert f"`{line.code.place}`" in text


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".txt", " Network"), (".html", "<!DOCTYPE html>"), (".md", "# Network"),
     (".tex", "\\documentclass"), (".json", '{"schema"')],
)  # fmt: skip
def test_a_file_is_written_by_its_suffix(suffix: str, start: str, tmp_path: Path) -> None:
    path = tmp_path / f"page{suffix}"
    example().save(path)
    assert path.read_text(encoding="utf-8").startswith(start)


def test_another_suffix_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"\.pdf.*\.html"):
        example().save(tmp_path / "page.pdf")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="pdf"):
        example().as_format("pdf")


def test_a_notebook_gets_html_markdown_and_latex() -> None:
    explanation = example()
    assert explanation._repr_html_().startswith("<style>")
    assert explanation._repr_markdown_() == explanation.to_markdown()
    latex = explanation._repr_latex_()
    assert latex.startswith("$\\displaystyle")
    assert latex.endswith("$")
    assert json.loads(explanation.to_json())["title"] == explanation.page.title
    assert str(explanation) == explanation.to_text()
