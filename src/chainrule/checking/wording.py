"""Findings in words, in the student's own letters and notation."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from chainrule.checking.by_hand import Hand
from chainrule.checking.diagnosis.diagnose import Diagnosis
from chainrule.checking.diagnosis.hypothesis import Mutation
from chainrule.checking.diagnosis.search import Finding, predicted
from chainrule.checking.numbers import short
from chainrule.checking.recognition.program import SCALARS, Program
from chainrule.checking.rewrite import mended
from chainrule.checking.source import Code
from chainrule.derivation import Function
from chainrule.errors import ChainruleError
from chainrule.formulas import (
    Expression,
    Letter,
    Letters,
    Operation,
    letters_in,
    render,
    render_line,
    renote,
    samples_of,
    substitute,
    turn,
)
from chainrule.formulas.letters import is_gradient

LONGEST = 260  # a line by hand that is longer explains nothing


class Words:
    """What a diagnosis says, in the letters of the code that was checked."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self.diagnosis, self.subject = diagnosis, diagnosis.subject
        self.known = diagnosis.program is not None
        self.program = diagnosis.program or Program({}, {}, {}, self.subject.notation)
        self.own = self._own_names()
        samples = samples_of(self.program.notation)
        self.letters = Letters(samples=samples, scalars=SCALARS, names={})

    def _own_names(self) -> dict[str, str]:
        """Return letter of the formulas -> the student's name for it."""
        own = {letter: name.split(".")[-1] for letter, name in self.program.variables.items()}
        own = {letter: name if name.isidentifier() else letter for letter, name in own.items()}
        if not self.subject.is_loss:
            own["dY"], own["Y"] = self.subject.upstream, self.subject.output
        for line, variable in self.program.gradients.items():
            name = self.subject.gradient_name(variable)
            own.setdefault(line, name if is_gradient(name) else f"d{own[line[1:]]}")
        for letter, name in list(own.items()):
            own[f"{letter}′"] = f"{name}′"
        return own

    def of_program(self, finding: Finding) -> bool:
        """Whether the finding is about recognised formulas, and not about numbers alone."""
        return finding.mutations[0].site.program is self.diagnosis.program

    # --- the sentence -------------------------------------------------------------------------

    def says(self, finding: Finding) -> str:
        """Return the verdict: what is wrong, in a sentence or two."""
        return " ".join(self._filled(m.change.says) for m in finding.mutations)

    def note(self, finding: Finding) -> str:
        """Return what else there is to know."""
        notes = [self._filled(m.change.note) for m in finding.mutations if m.change.note]
        return " ".join(dict.fromkeys(notes))

    def _filled(self, text: str) -> str:
        def name(match: re.Match[str]) -> str:
            word = match[1]
            if word.startswith("d_"):
                function = self.program.functions.get(word[2:])
                known = isinstance(function, Function | Operation)
                return function.unicode if known else word[2:]  # type: ignore[union-attr]
            return render(Letter(self.own.get(word, word)), letters=self.letters)

        return re.sub(r"\{([^{}]+)\}", name, text)

    def explained(self, finding: Finding) -> list[str]:
        """Return the names of the gradients that a finding explains."""
        gradients = finding.mutations[0].site.program.gradients
        return [self.subject.gradient_name(gradients[line]) for line in finding.explained]

    # --- formulas -----------------------------------------------------------------------------

    def formula(self, line: str, formula: Expression) -> str:
        """Return `dX = Wᵀ·dY`, in the student's notation and names."""
        try:
            turned = renote(
                formula,
                self.program.notation,
                left=line,
                scalars=SCALARS,
                parameters=self._matrices(),
                functions=self.program.all_functions,
            )
        except ChainruleError:
            turned = formula
        names = {n: Letter(self.own[n]) for n in letters_in(turned) if n in self.own}
        return render_line(
            self.own.get(line, line),
            substitute(turned, names),
            letters=self.letters,
            functions=self.program.all_functions,
        )

    def _matrices(self) -> tuple[str, ...]:
        return tuple(n for n in self.program.variables if n.startswith("W")) or ("W",)

    def wrote(self, finding: Finding) -> str:
        """Return the wrong formula."""
        mutation = finding.mutations[-1]
        if not self.of_program(finding):
            return ""
        lines = [
            self.formula(n, f)
            for m in finding.mutations
            for n, f in m.lines.items()
            if m is mutation or m.site.line != mutation.site.line
        ]
        return ", ".join(lines)

    def should_be(self, finding: Finding) -> str:
        """Return the right formula."""
        if not self.of_program(finding):
            return ""
        if finding.mutations[0].change.instead:
            return finding.mutations[0].change.instead
        lines: dict[str, Expression] = {}
        for mutation in finding.mutations:
            for line in mutation.lines:
                shown = mutation.change.right if line == mutation.site.line else None
                lines[line] = shown or self.program.backward[line]
        return ", ".join(self.formula(n, f) for n, f in lines.items())

    # --- the code -----------------------------------------------------------------------------

    def code(self, finding: Finding) -> Code | None:
        """Return the student's line that the finding is about."""
        program = finding.mutations[0].site.program
        gradients = program.gradients
        line = finding.mutations[0].site.line
        if line in gradients and self.subject.code(gradients[line]) is not None:
            return self.subject.code(gradients[line])
        for name in (line, *_users(program, line)):  # inlined: the line that uses it
            found = None if name in gradients else self.subject.code(name)
            if found is not None:
                return found
        return self.subject.code(gradients[finding.explained[0]])

    def mended(self, finding: Finding) -> str:
        """Return the student's line mended, "" where no simple edit is sure to do it."""
        code = self.code(finding)
        if code is None or len(finding.mutations) > 1 or not self.of_program(finding):
            return ""
        return mended(code.text, finding.mutations[0], self.own)

    # --- by hand ------------------------------------------------------------------------------

    def by_hand(self, finding: Finding) -> list[tuple[str, str]]:
        """Return ("expected", "w₁₂·dy₁ + … = −1·… = 1.23") and the same for yours, or nothing.

        The entry is the one that is furthest off, in the line that the slip is in.
        """
        if not self.of_program(finding) or len(finding.mutations) > 1:
            return []
        mutation, case = finding.mutations[0], finding.cases[0]
        line, wrong = mutation.site.line, mutation.change.wrong
        values = predicted(self.program, case, mutation.lines)
        if values is None:
            return []
        right = mutation.change.right or mutation.site.formula
        try:
            return self._both(line, mutation, right, wrong, dict(case.values), values)
        except (ChainruleError, ValueError, IndexError, TypeError, KeyError):
            return []

    def _both(
        self,
        line: str,
        mutation: Mutation,
        right: Expression,
        wrong: Expression,
        values: dict[str, Any],
        mine: dict[str, Any],
    ) -> list[tuple[str, str]]:
        expected, received = np.asarray(values[line]), np.asarray(mine[line])
        if expected.ndim == 0:
            return []
        if expected.shape == received.shape:
            flat = int(np.abs(expected - received).argmax())
            index = tuple(int(i) for i in np.unravel_index(flat, expected.shape))
        else:
            index = (0,) * expected.ndim
        lines = [("expected", right, index)]
        if received.ndim == expected.ndim and received.shape == expected.shape:
            lines.append(("yours", wrong, index))
        found = []
        for label, formula, at in lines:
            text = self._entry(line, formula, at, values)
            if text:
                found.append((label, text))
        return found if len(found) == len(lines) else []

    def _entry(
        self, line: str, formula: Expression, index: tuple[int, ...], values: dict[str, Any]
    ) -> str:
        notation = self.program.notation
        matrices = self._matrices()
        board = renote(
            formula,
            notation,
            left=line,
            parameters=matrices,
            scalars=SCALARS,
            functions=self.program.all_functions,
        )
        turned = {
            n: turn(v, notation, n, parameters=matrices, scalars=SCALARS)
            for n, v in values.items()
            if np.ndim(v) <= 2
        }
        shape = np.shape(values[line])
        at = index
        if samples_of(notation) == "columns":
            if len(shape) == 1:
                at = (index[0], 0)
            elif not (notation == "transposed" and line[1:].startswith("W")):
                at = index[::-1]
        written = {n: render(Letter(self.own.get(n, n)), letters=self.letters) for n in turned}
        hand = Hand(turned, self.program.all_functions, samples_of(notation), written)
        entry = hand.at(board, at)
        steps = [entry.symbols, entry.numbers, short(entry.value)]
        text = " = ".join(dict.fromkeys(steps))
        return text if len(text) <= LONGEST else ""


def _users(program: Program, line: str) -> list[str]:
    """Return the lines of the backward pass that use this one."""
    return [name for name, formula in program.backward.items() if line in letters_in(formula)]
