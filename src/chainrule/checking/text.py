"""A certificate as text: the gradients, then WHERE, WHY and PROOF for one that is wrong."""

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
MARK = {True: "✓", False: "✗", None: ""}


def text_of(certificate: Certificate) -> str:
    """Return the certificate's text."""
    lines = [" " + _title(certificate), " " + _method(certificate)]
    lines += _gradients(certificate)
    lines += _remarks(certificate)
    if certificate.problem:
        lines += _wrapped("WHERE", certificate.problem[0].upper() + certificate.problem[1:] + ".")
    if certificate.diagnosis is not None:
        lines += _diagnosis(certificate)
    lines.append(" " + _verdict(certificate))
    return "\n".join(lines)


def _title(certificate: Certificate) -> str:
    subject, measured = certificate.subject, certificate.measurement
    place = f" ({subject.place})" if subject.place and subject.place not in subject.title else ""
    head = f"{subject.title}{place}"
    if measured is None:
        return head
    trial = measured.trial
    shape = trial.variables[subject.input].shape if subject.input else ()
    out = subject.output if subject.is_loss else f"{subject.output} {trial.dY.shape}"
    name = subject.input or "parameters"
    samples = f"{trial.m} sample{'s' * (trial.m != 1)}"
    way = "" if subject.notation == "rows" else f", {subject.notation}"
    return f"{head}   {name} {shape} → {out}   {samples}{way}, float64, seed {certificate.seed}"


def _method(certificate: Certificate) -> str:
    exact = any(r.analytic for r in certificate.results)
    complex_step = ", and complex step" if exact else ""
    if certificate.subject.is_loss:
        letter = certificate.subject.output
        return f"Every gradient against [{letter}(p + ε) − {letter}(p − ε)] / 2ε{complex_step}."
    return f"Every gradient against [L(p + ε) − L(p − ε)] / 2ε{complex_step}, with L = Σ dY ⊙ Y."


def _gradients(certificate: Certificate) -> list[str]:
    labels = [f"{r.name} {r.shape}" for r in certificate.results]
    width = max(map(len, labels), default=0)
    lines = []
    for label, result in zip(labels, certificate.results, strict=True):
        lines.append(f"   {label:<{width}}  {MARK[result.passed]}  {in_words(result)}")
    return lines


def in_words(result: Result) -> str:
    """Return the verdict on one gradient: "8 of 8 entries agree to 11 digits"."""
    if result.problem:
        return result.problem
    noun = "entry" if result.entries == 1 else "entries"
    verb = "agrees" if result.entries == 1 else "agree"
    text = f"{result.agree} of {result.entries} {noun} {verb}"
    if result.passed:
        text += f" to {result.digits} digits"
    elif result.ratio is not None:
        text += _factor(result)
    if result.aside:
        text += f"; {result.aside} at a kink set aside"
    return text


def _factor(result: Result) -> str:
    ratio = result.ratio or 0.0
    many = ", each" if result.entries > 1 else ","
    if ratio == 0:
        return ": all 0"
    if abs(ratio + 1) < 1e-6:
        return f"{many} with the wrong sign"
    if ratio < 0:
        return f"{many} off by the factor {short(ratio)}"
    if ratio < 1:
        return f"{many} too small by the factor {1 / ratio:.4f}"
    return f"{many} too large by the factor {ratio:.4f}"


def _remarks(certificate: Certificate) -> list[str]:
    texts = [f"{r.text}  {MARK[r.passed]}".rstrip() for r in certificate.remarks]
    lines = [""]
    for text in texts:
        joined = f"{lines[-1]}   {text}" if lines[-1] else text
        if len(joined) > WIDTH and lines[-1]:
            lines.append(text)
        else:
            lines[-1] = joined
    return [f"   {line}" for line in lines if line]


def _diagnosis(certificate: Certificate) -> list[str]:
    diagnosis = certificate.diagnosis
    assert diagnosis is not None
    words, lines = Words(diagnosis), list[str]()
    if diagnosis.part:
        title = diagnosis.subject.title
        place = f" ({diagnosis.subject.place})" if diagnosis.subject.place else ""
        lines += _wrapped("LAYER", f"{title}{place} is where it goes wrong, checked by itself:")
    if diagnosis.square:
        lines += _wrapped("", "With as many inputs as units it does run, so it was checked there:")
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
        lines += _wrapped(
            "WHY", f"None of the known slips gives these numbers, so there is no diagnosis.{at}"
        )
    return lines


def _where(
    result: Result, certificate: Certificate, finding: Finding | None, words: Words
) -> list[str]:
    if result.problem:
        return _wrapped("WHERE", result.problem[0].upper() + result.problem[1:] + ".")
    place = board_place(result, words)
    also = "" if finding is None else _also(finding, words)
    lines = _wrapped("WHERE", f"Worst at {place}:")
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
    lines = _wrapped("WHY", words.says(finding))
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
    return _wrapped("PROOF", text)


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


def _wrapped(head: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 8)
    return [f" {head if i == 0 else '':<6} {line}".rstrip() for i, line in enumerate(lines)]


def _verdict(certificate: Certificate) -> str:
    wrong = [r for r in certificate.results if not r.passed]
    count = len(certificate.results)
    if certificate.problem:
        return "The backward pass stops."
    if wrong:
        verb = "is" if len(wrong) == 1 else "are"
        return f"{len(wrong)} of {count} gradient{'s' * (count != 1)} {verb} wrong."
    if not certificate.passed:
        failed = next(r.text for r in certificate.remarks if r.passed is False)
        return f"All gradients agree, but {failed}."
    return "All gradients agree." if count > 1 else "The gradient agrees." if count else "Nothing."
