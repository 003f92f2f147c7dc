"""What is said of a wrong gradient: WHERE it first differs, WHY by which slip, and the PROOF."""

from __future__ import annotations

import textwrap

import numpy as np

from chainrule.checking.certificate import Certificate
from chainrule.checking.diagnosis.search import Finding
from chainrule.checking.measure import DIFFERENCE_DIGITS, Result
from chainrule.checking.numbers import MOST_DIGITS, agreeing_digits, short
from chainrule.checking.recognition.program import gradient_to_rows
from chainrule.checking.square import why_it_ran
from chainrule.checking.wording import Words

WIDTH = 80


def findings_of(certificate: Certificate) -> list[str]:
    """Return the lines about each wrong gradient of a certificate with a diagnosis."""
    diagnosis = certificate.diagnosis
    assert diagnosis is not None
    words, lines = Words(diagnosis), list[str]()
    if diagnosis.part:
        title = diagnosis.subject.title
        place = f" ({diagnosis.subject.place})" if diagnosis.subject.place else ""
        lines += wrapped("LAYER", f"{title}{place} is where it goes wrong, checked by itself:")
    if diagnosis.square:
        lines += wrapped("", "With as many inputs as units it does run, so it was checked there:")
    by_variable = {r.variable: r for r in diagnosis.measurement.results}
    for finding in diagnosis.findings:
        gradients = finding.mutations[0].site.program.gradients
        result = by_variable[gradients[finding.explained[0]]]
        lines += _where(result, certificate, finding, words)
        lines += _why(finding, words, diagnosis.square)
        lines += _proof(finding, words, certificate)
    for variable in diagnosis.unexplained:
        result = by_variable[variable]
        lines += _where(result, certificate, None, words)
        code = words.subject.code(variable)
        at = f" It comes from {code}: {code.text}" if code else ""
        lines += wrapped(
            "WHY", f"None of the known slips gives these numbers, so there is no diagnosis.{at}"
        )
    return lines


def _where(
    result: Result, certificate: Certificate, finding: Finding | None, words: Words
) -> list[str]:
    if result.problem:
        return wrapped("WHERE", result.problem[0].upper() + result.problem[1:] + ".")
    place = board_place(result, words)
    also = "" if finding is None else _also(finding, words)
    lines = wrapped("WHERE", f"Worst at {place}:")
    yours, expected = apart(result.received, result.expected)
    lines.append(f"   yours {yours}, expected {expected}{also}")
    return lines


def apart(received: float, expected: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to tell them apart.

    >>> apart(0.3, 0.30000001)
    ('0.3', '0.30000001')
    """
    for digits in (6, 9, 12, 16):
        if short(received, digits) != short(expected, digits):
            break
    return short(received, digits), short(expected, digits)


def _also(finding: Finding, words: Words) -> str:
    names = words.explained(finding)[1:]
    return f"   (the same slip is behind {' and '.join(names)})" if names else ""


def board_place(result: Result, words: Words) -> str:
    """Return where an entry is, in board order from 1, with the code's own index beside."""
    index = ", ".join(map(str, result.index))
    code = f"{result.name}[{index}] in your code" if result.index else f"{result.name}"
    subject = words.subject
    columns = subject.notation != "rows"
    board = [i + 1 for i in result.index]
    if result.variable == subject.input and len(board) == 2:
        sample, feature = (board[1], board[0]) if columns else (board[0], board[1])
        return f"input {feature} of sample {sample}, {code}"
    if len(board) == 2 and min(result.shape) > 1:
        i, j = (board[1], board[0]) if subject.notation == "columns" else (board[0], board[1])
        entry = f"entry {board[0]},{board[1]}"
        return f"{entry} (input {i} to unit {j}), {code}"
    if board:
        long = max(zip(result.shape, board, strict=True))[1]
        return f"unit {long}, {code}"
    return code


def _why(finding: Finding, words: Words, square: bool) -> list[str]:
    lines = wrapped("WHY", words.says(finding))
    wrote, right, code = words.wrote(finding), words.should_be(finding), words.code(finding)
    mended = words.mended(finding)
    if wrote:
        width = max(len(wrote), len(right)) + 3
        at = f"{code}   {code.text}" if code else ""
        pad = " " * (len(str(code)) + 3) if code else ""
        lines.append(f"   you wrote      {wrote:<{width}}{at}".rstrip())
        lines.append(f"   it should be   {right:<{width}}{pad}{mended}".rstrip())
    elif code:
        lines.append(f"   you wrote      {code}   {code.text}")
    steps = words.by_hand(finding)
    if steps:
        lines.append("   By hand, at the entry that is furthest off:")
        for label, text in steps:
            lines += textwrap.wrap(
                text, WIDTH + 10, initial_indent=f"     {label:<11}", subsequent_indent=" " * 16
            )
    note = words.note(finding)
    if note:
        lines += [f"   {line}" for line in textwrap.wrap(note, WIDTH - 3)]
    if square:
        lines += [
            "   It ran here only because the shapes are square; on others it stops, as above."
        ]
    else:
        lines += [f"   {line}" for line in textwrap.wrap(why_it_ran(finding, words), WIDTH - 3)]
    if finding.claim == "convention":
        lines += [
            f"   {line}"
            for line in textwrap.wrap(
                "So this is about a convention: the rest of the gradient is right.", WIDTH - 3
            )
        ]
    return lines


def _proof(finding: Finding, words: Words, certificate: Certificate) -> list[str]:
    names = words.explained(finding)
    sizes = sorted({case.trial.m for case in finding.cases})
    batches = " and ".join(str(m) for m in sizes)
    what = " and ".join(names)
    slips = "these two slips give" if len(finding.mutations) > 1 else "this slip gives"
    text = f"For {what}, {slips} exactly your numbers on {len(finding.cases)} batches"
    text += f" ({batches} samples)." if len(sizes) > 1 else "."
    factors = [
        f"{1 / ratio if abs(ratio) < 1 else ratio:.4f} for {m} samples"
        for m, name, ratio in certificate.ratios
        if name == names[0] and ratio
    ]
    if finding.slip in ("1/n", "bias averaged") and len(factors) > 1:
        text += f" The factor follows the batch: {', '.join(factors)}; a constant would stay."
    text += _put_right(finding, words)
    if finding.closest is not None:
        name, off = finding.closest
        text += f" The closest other slip, {_article(name)}, is still {_percent(off)} off."
    return wrapped("PROOF", text)


def _put_right(finding: Finding, words: Words) -> str:
    """Say how well the right formula agrees with the numeric derivative."""
    line, case = finding.explained[0], finding.cases[0]
    result = next(
        (
            r
            for r in words.diagnosis.measurement.results
            if r.numeric is not None and r.name == words.explained(finding)[0]
        ),
        None,
    )
    right = case.values.get(line)
    if right is None or not words.of_program(finding) or result is None or result.numeric is None:
        return ""
    if result.numeric.size != np.size(right):
        return ""
    program = words.program
    wanted = gradient_to_rows(line[1:], result.numeric.reshape(result.shape), program.notation)
    most = MOST_DIGITS if result.analytic else DIFFERENCE_DIGITS
    digits = agreeing_digits(np.squeeze(wanted), np.squeeze(np.asarray(right)), most)
    count = result.numeric.size
    all_ = f"{count} of {count} entries agree" if count > 1 else "1 of 1 entry agrees"
    return f" Put right, {all_} to {digits} digits." if digits > 5 else ""


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.2g} %"


NAMED = {
    "sign": "a wrong sign",
    "1/n": "a factor 1/n",
    "2 or ½": "a factor 2 or ½",
    "transpose": "a transpose",
    "bias averaged": "an averaged bias",
    "not summed over the batch": "a sum left out",
    "gradient overwritten": "an overwritten gradient",
    "updated before use": "an early update",
    "softmax twice": "softmax applied twice",
    "softmax as elementwise": "softmax entry by entry",
    "wrong axis": "a sum along the wrong axis",
    "derivative left out": "a derivative left out",
    "derivative at the wrong value": "a derivative at the wrong value",
}


def _article(name: str) -> str:
    return NAMED.get(name, f"“{name}”")


def wrapped(head: str, text: str) -> list[str]:
    """Return a text in lines, with its head beside the first."""
    lines = textwrap.wrap(text, WIDTH - 8)
    return [f" {head if i == 0 else '':<6} {line}".rstrip() for i, line in enumerate(lines)]
