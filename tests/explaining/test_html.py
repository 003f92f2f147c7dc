"""The HTML file: well-formed, on its own, small enough, and with every line in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.explaining.explain import FORMS, explain
from chainrule.explaining.html import as_fragment, as_html
from chainrule.explaining.page_mathml import PageMathML, raised, rows_of
from explained_pages import CASES, chains, example, lines

VOID = {"meta", "img", "br"}


class Strict(HTMLParser):
    """Fails at a tag that does not close the last open one, and at anything from outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "iframe", "object", "base")
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "src":
                assert value
                assert value.startswith("data:image/png;base64,")
            if name == "href":
                assert value
                assert value.startswith("#")
                self.targets.append(value[1:])
            if name == "id":
                self.ids.append(str(value))
            assert not name.startswith("on")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def maths(text: str) -> list[str]:
    return re.findall(r"<math.*?</math>", text, re.S)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES)
def test_every_page_is_well_formed_and_stands_alone(name: str, form: str) -> None:
    model, x, y = CASES[name]()
    text = as_html(explain(model, x, y, board="columns", form=form).page)
    page = Strict(text)
    assert len(set(page.ids)) == len(page.ids)
    assert set(page.targets) <= set(page.ids)
    assert not re.search(r"https?://|@import|url\(", text)
    for one in maths(text):
        ElementTree.fromstring(one.replace("&nbsp;", " "))
    assert "\x1f" not in text


def test_a_page_of_mnist_size_is_far_below_two_megabytes() -> None:
    model = cr.Model(
        cr.Sequential(cr.Scale(1 / 255), cr.Flatten(), cr.Dense(128), cr.ReLU(), cr.Dense(10),
                      cr.Softmax()),
        cr.CrossEntropy(), cr.Adam(), input_shape=(28, 28),
    )  # fmt: skip
    x = np.arange(784).reshape(1, 28, 28) % 256
    text = as_html(explain(model, x, np.array([3])).page)
    assert 50_000 < len(text.encode()) < 2_000_000 / 4
    assert text.count("<details>") >= 10
    assert "Look inside" in text


def test_every_line_has_its_place_its_verdict_and_its_numbers() -> None:
    explanation = example(board="columns")
    text = as_html(explanation.page)
    for line in lines(explanation.page):
        if line.code:
            assert line.code.place in text
        if line.digits is not None:
            assert f"✓ {line.digits} digits" in text
    assert "<mn>−0.1500</mn>" in text
    assert text.count('<div class="line">') == len(lines(explanation.page))


def test_a_wrong_gradient_is_marked_as_such() -> None:
    from dataclasses import replace

    page = example().page
    sections = tuple(
        replace(
            s,
            blocks=tuple(
                replace(b, digits=1) if getattr(b, "digits", None) else b for b in s.blocks
            ),
        )
        for s in page.sections
    )
    text = as_html(replace(page, sections=sections, checked=(0, 9)))
    assert "✗ does not agree" in text
    assert "✗</span> 0 of 9" in text


def test_the_page_suits_light_dark_print_and_a_phone() -> None:
    text = as_html(example().page)
    for needed in (
        "prefers-color-scheme: dark", "@media print", "max-width: 32rem",
        'name="viewport"', 'lang="en"', ":focus-visible",
    ):  # fmt: skip
        assert needed in text


def test_a_fragment_is_no_document() -> None:
    text = as_fragment(example().page)
    assert "<html" not in text
    assert text.count('<div class="chainrule">') == 1
    Strict(text)


def test_words_are_escaped() -> None:
    explanation = example(sample="<b>&")
    assert "&lt;b&gt;&amp;" in as_html(explanation.page)


def test_a_formula_breaks_at_its_outer_operators_only() -> None:
    form = PageMathML()
    a, b, c = (f"<mi>{x}</mi>" for x in "abc")
    inner = form.parentheses(form.infix(a, "+", b, wide=True))
    pieces = rows_of(form.infix(inner, "·", c, wide=False))
    assert len(pieces) == 2
    assert pieces[1].endswith("<mi>c</mi>")


def test_a_transpose_stands_above_the_index() -> None:
    assert raised("<msub>W1</msub>", "T") == "<msubsup>W1T</msubsup>"
    assert raised("<mi>X</mi>", "T") == "<msup><mi>X</mi>T</msup>"


def test_a_weight_on_an_input_of_0_has_a_chain_of_its_own() -> None:
    network = cr.Sequential(cr.Dense(3), cr.ReLU(), cr.Dense(2))
    model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.1), input_shape=(2,))
    page = explain(model, np.array([[0.0, 1.0]]), np.array([1]), focus="W1[1,2]").page
    chain = chains(page)[0]
    assert chain.result == 0
    assert chain.products[0][-1].value == 0
    Strict(as_html(page))
