"""One walk over a formula's tree, for every form in which it is written.

Here is decided what a product is called (matrix, entrywise, by a number), what needs parentheses
and what does not; the form (`unicode.py`, `latex.py`, `mathml.py`) only draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.derivation import Function
from chainrule.formulas.forms import COMPARED, Form
from chainrule.formulas.functions import Functions, Operation, derivative_of, entry
from chainrule.formulas.letters import Letters
from chainrule.formulas.tree import (
    COMPARISONS,
    Binary,
    Call,
    Expression,
    Letter,
    Negate,
    Number,
    Transpose,
)

# How tightly what is written holds together. SCRIPTED carries a superscript already; PREFIXED is
# dW, whose transpose is dWᵀ but whose square is (dW)².
_COMPARISON, _SUM, _PRODUCT, _SCRIPTED, _PREFIXED, _ATOM = range(6)

_BIG = {  # sign, the index it runs over, and whether it is a mean
    "batch_sum": ("Σ", "i", False),
    "batch_mean": ("Σ", "i", True),
    "feature_sum": ("Σ", "k", False),
    "feature_mean": ("Σ", "k", True),
    "feature_max": ("max", "k", False),
}


@dataclass(frozen=True)
class Piece:
    """Text in some form, and what its surroundings must know of it."""

    text: str
    level: int = _ATOM
    product: str = ""  # what a factor beside it could be misread with, see `_inside`
    negative: bool = False  # begins with a minus
    open: bool = False  # ends in a sum, which would swallow a factor written after it


def _inside(kind: str, a: Piece, b: Piece) -> str:
    """Return what a written product a b holds.

    "quotient": ends in one, η·b/c ("ratio": one of two plain scalars, 1/m); "scaled": a number
    times a matrix product, η·A·B; else "entrywise", "matrix" or "scalar".
    """
    if b.product in ("quotient", "ratio"):
        return "quotient"
    if kind != "scalar":
        return kind
    inner = {a.product, b.product}
    if inner & {"matrix", "scaled"}:
        return "scaled"
    return "entrywise" if "entrywise" in inner else kind


@dataclass(frozen=True)
class Layout:
    """A form, a board's letters and the functions known: what a walk needs."""

    form: Form
    letters: Letters
    functions: Functions

    def piece(self, expression: Expression) -> Piece:
        match expression:
            case Number(value):
                text = self.form.number(value)
                return Piece(text, _SCRIPTED if "10" in text and "e" in repr(value) else _ATOM)
            case Letter(name):
                return self.letter(name)
            case Negate(operand):
                return self.negated(self.piece(operand))
            case Transpose(operand):
                inner = self.fenced(self.piece(operand), _PREFIXED)
                return Piece(self.form.transpose(inner.text), _SCRIPTED)
            case Binary(sign, left, right) if sign in COMPARISONS:
                return Piece(self.form.iverson(self.comparison(sign, left, right)))
            case Binary("**", left, right):
                base = self.fenced(self.piece(left), _ATOM)
                exponent = self.piece(right)
                simple = exponent.level == _ATOM
                return Piece(self.form.power(base.text, exponent.text, simple), _SCRIPTED)
            case Binary("/", left, right):
                return self.divided(left, right)
            case Binary("*" | "@", left, right):
                return self.multiplied(expression, left, right)
            case Binary(sign, left, right):
                return self.added(sign, self.piece(left), self.piece(right))
            case Call(name, arguments):
                return self.call(name, arguments)
        raise TypeError(f"not a formula's node: {type(expression).__name__}")

    def fenced(self, piece: Piece, at_least: int, *, positive: bool = True) -> Piece:
        """Return the piece, in parentheses where it is too loose or begins with a minus."""
        if piece.level >= at_least and not (positive and piece.negative):
            return piece
        return Piece(self.form.parentheses(piece.text))

    def letter(self, name: str) -> Piece:
        symbol, way = self.letters.symbol(name), self.letters.index
        if self.letters.is_scalar(name) or not symbol.index:
            way = "subscript"
        raised = way in ("superscript", "parentheses") or (way == "brackets" and self.form.raised)
        level = _SCRIPTED if raised or symbol.primes else _ATOM
        if not symbol.gradient:
            return Piece(self.form.symbol(symbol, "", way), level)
        gradient = self.letters.gradient_of(symbol.base)
        if "/" not in gradient:
            text = self.form.symbol(symbol, gradient.removesuffix("W"), way)
            return Piece(text, min(level, _PREFIXED))
        loss = self.letters.symbol("L")
        top, bottom = (self.form.symbol(s, gradient[0], way) for s in (loss, symbol))
        fraction = self.form.fraction(top, bottom)
        # Written on one line, ∂L/∂W stands in a product as it is, but not under a superscript.
        return Piece(fraction, _SCRIPTED if self.form.stacked else _PRODUCT, "gradient")

    def negated(self, piece: Piece) -> Piece:
        inner = self.fenced(piece, _PRODUCT)
        text = self.form.minus(inner.text)
        return replace(inner, text=text, level=_PRODUCT, negative=True)

    def added(self, sign: str, left: Piece, right: Piece) -> Piece:
        right = self.fenced(right, _SUM if sign == "+" else _PRODUCT)
        text = self.form.infix(left.text, "−" if sign == "-" else sign, right.text, wide=True)
        return Piece(text, _SUM, negative=left.negative, open=right.open)

    def multiplied(self, whole: Expression, left: Expression, right: Expression) -> Piece:
        by_number = self.is_scalar(left) or self.is_scalar(right)
        matrix = isinstance(whole, Binary) and whole.operator == "@"
        kind = "scalar" if by_number else "matrix" if matrix else "entrywise"
        a = self.factor(self.piece(left), kind, first=True)
        b = self.factor(self.piece(right), kind, first=False)
        sign = {
            "matrix": self.letters.matrix_product,
            "entrywise": self.letters.entrywise_product,
            "scalar": self.letters.scalar_product,
        }[kind]
        if isinstance(right, Number) and not sign:
            sign = "·"  # x·2 and 3·2: juxtaposed they would be read as one number or name
        # 1/m · X: the spaces say that X is not below the line.
        text = self.form.infix(a.text, sign, b.text, wide=a.product == "ratio")
        inside = _inside(kind, a, b)
        return Piece(text, _PRODUCT, inside, negative=a.negative, open=b.open)

    def factor(self, piece: Piece, kind: str, *, first: bool) -> Piece:
        """Return one side of a product, fenced where the other signs would be misread."""
        loose = piece.level < _PRODUCT or (piece.open if first else piece.negative)
        apart = {"matrix": ("entrywise",), "entrywise": ("matrix", "scaled"), "scalar": ()}[kind]
        if first:
            apart += ("quotient",) if kind == "scalar" else ("quotient", "ratio")
        elif kind == "matrix":
            apart += ("quotient", "ratio", "scalar", "scaled")
        if loose or (piece.level == _PRODUCT and piece.product in apart):
            return Piece(self.form.parentheses(piece.text))
        return piece

    def divided(self, left: Expression, right: Expression) -> Piece:
        above, below = self.piece(left), self.piece(right)
        if above.open and isinstance(left, Negate):
            return self.negated(self.divided(left.operand, right))
        if above.open and above.level == _PRODUCT and self.is_scalar(right):
            # ½ Σ x and 1/m Σ x, as every text writes them.
            return self.scaled(below, above)
        if self.form.stacked:
            return Piece(self.form.fraction(above.text, below.text), _SCRIPTED)
        plain = above.level > _PRODUCT and below.level > _PRODUCT
        plain &= self.is_scalar(left) and self.is_scalar(right)
        loose = above.open or above.product in ("quotient", "ratio", "gradient")
        loose |= above.product in ("matrix", "scaled") and not self.is_scalar(right)
        if above.level < _PRODUCT or (above.level == _PRODUCT and loose):
            above = replace(above, text=self.form.parentheses(above.text), negative=False)
        below = self.fenced(below, _SCRIPTED)
        text = self.form.fraction(above.text, below.text)
        if len(text) == 1:  # ½
            return Piece(text, _SCRIPTED)
        return Piece(text, _PRODUCT, "ratio" if plain else "quotient", negative=above.negative)

    def scaled(self, divisor: Piece, total: Piece) -> Piece:
        divisor = divisor if self.form.stacked else self.fenced(divisor, _SCRIPTED)
        share = self.form.fraction(self.form.number(1), divisor.text)
        text = self.form.infix(share, "", total.text, wide=False)
        return Piece(text, _PRODUCT, "scalar", open=True)

    def comparison(self, sign: str, left: Expression, right: Expression) -> str:
        a, b = self.piece(left), self.piece(right)
        return self.form.infix(a.text, COMPARED[sign], b.text, wide=True)

    def call(self, name: str, arguments: tuple[Expression, ...]) -> Piece:
        if name in self.functions:
            return self.applied(name, arguments)
        if name in _BIG and len(arguments) == 1:
            return self.big(name, arguments[0])
        if name == "where" and len(arguments) == 3:
            condition, a, b = arguments
            if isinstance(condition, Binary) and condition.operator in COMPARISONS:
                asked = self.comparison(condition.operator, condition.left, condition.right)
            else:
                asked = self.piece(condition).text
            return Piece(self.form.cases(asked, self.piece(a).text, self.piece(b).text))
        pieces = [self.piece(a) for a in arguments]
        if name == "sqrt" and len(pieces) == 1:
            simple = pieces[0].level == _ATOM
            return Piece(self.form.root(pieces[0].text, simple), _SCRIPTED)
        if name == "abs" and len(pieces) == 1:
            return Piece(self.form.absolute(pieces[0].text))
        if name == "exp" and len(pieces) == 1 and (e := self.form.exponential(pieces[0].text)):
            return Piece(e, _SCRIPTED)
        return self.applied(name, arguments)

    def applied(self, name: str, arguments: tuple[Expression, ...]) -> Piece:
        function = derivative_of(name, self.functions)
        prime = function is not None and name not in self.functions
        found = function if prime else entry(name, self.functions)
        shown: Operation | str = name
        if isinstance(found, Function):
            shown = Operation(str, found.unicode, found.latex)
        elif isinstance(found, Operation):
            shown = found
        if name == "log" and self.letters.logarithm == "log":
            shown = Operation(str, "log", r"\log")
        return Piece(self.form.call(shown, prime, [self.piece(a).text for a in arguments]))

    def big(self, name: str, argument: Expression) -> Piece:
        sign, under, mean = _BIG[name]
        words = self.letters.sums == "words" and isinstance(argument, Letter)
        if words and under == "i":
            under = self.letters.samples
        inner = self.fenced(self.piece(argument), _PRODUCT)
        total = Piece(self.form.big(sign, under, inner.text), _PRODUCT, "big", open=True)
        if not mean:
            return total
        letters = self.letters
        count = letters.sample_count if name == "batch_mean" else letters.feature_count
        return self.scaled(self.letter(count), total)

    def is_scalar(self, expression: Expression) -> bool:
        """Say whether an expression is one number, as far as its letters tell."""
        match expression:
            case Number():
                return True
            case Letter(name):
                return self.letters.is_scalar(name)
            case Negate(operand) | Transpose(operand):
                return self.is_scalar(operand)
            case Binary(_, left, right):
                return self.is_scalar(left) and self.is_scalar(right)
            case Call(_, arguments):
                return all(self.is_scalar(a) for a in arguments)
        return False
