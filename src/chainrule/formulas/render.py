"""A formula as people write it: Unicode text, LaTeX or MathML, in a board's letters.

`layout.py` decides the products' signs and the parentheses, once for every form.
"""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.errors import unknown_name
from chainrule.formulas.forms import Form
from chainrule.formulas.functions import Functions
from chainrule.formulas.latex import Latex
from chainrule.formulas.layout import Layout
from chainrule.formulas.letters import Letters
from chainrule.formulas.mathml import MathML
from chainrule.formulas.parse import as_expression
from chainrule.formulas.tree import Expression, Letter
from chainrule.formulas.unicode import Unicode

FORMS: dict[str, Form] = {"unicode": Unicode(), "latex": Latex(), "mathml": MathML()}


def render(
    formula: str | Expression,
    form: str | Form = "unicode",
    letters: Letters | None = None,
    functions: Functions | None = None,
) -> str:
    r"""Return a formula as Unicode text, LaTeX or MathML.

    Raises ConfigurationError for a form that is not known.

    >>> render("dY @ W.T"), render("Y * (dY - feature_sum(dY * Y))")
    ('dY·Wᵀ', 'Y ⊙ (dY − Σₖ dY ⊙ Y)')
    >>> render("p - learning_rate * m_hat / (sqrt(v_hat) + eps)", "latex")
    'p - \\frac{\\eta \\cdot \\hat{m}}{\\sqrt{\\hat{v}} + \\varepsilon}'
    >>> render("dW", letters=Letters(gradient="∂L/∂W", names={"W": "W1"}))
    '∂L/∂W₁'
    """
    drawn = form_named(form)
    layout = Layout(drawn, letters or Letters(), functions or {})
    return drawn.whole(layout.piece(as_expression(formula)).text)


def render_line(
    name: str,
    formula: str | Expression,
    form: str | Form = "unicode",
    letters: Letters | None = None,
    functions: Functions | None = None,
    arrow: bool = False,
) -> str:
    """Return `name = formula`; `arrow` writes ←, for an update that changes the name's value.

    >>> render_line("db", "batch_sum(dY)")
    'db = Σ rows of dY'
    >>> render_line("p", "p - learning_rate * g", arrow=True)
    'p ← p − η·g'
    """
    drawn = form_named(form)
    layout = Layout(drawn, letters or Letters(), functions or {})
    left, right = layout.piece(Letter(name)), layout.piece(as_expression(formula))
    return drawn.whole(drawn.equation(left.text, arrow, right.text))


def render_lines(
    lines: Mapping[str, str | Expression],
    form: str | Form = "unicode",
    letters: Letters | None = None,
    functions: Functions | None = None,
    arrow: bool = False,
) -> list[str]:
    """Return every line of a mapping from name to formula, in its order."""
    return [render_line(n, f, form, letters, functions, arrow) for n, f in lines.items()]


def form_named(form: str | Form) -> Form:
    """Return the form of that name; an object that draws is returned as it is."""
    if not isinstance(form, str):
        return form
    if form not in FORMS:
        raise unknown_name("form of a formula", form, FORMS)
    return FORMS[form]
