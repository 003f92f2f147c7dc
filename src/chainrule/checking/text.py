"""A certificate as text: its head, a line for each gradient, the findings, the verdict."""

from __future__ import annotations

from chainrule.checking.certificate import Certificate
from chainrule.checking.findings import WIDTH, findings_of, wrapped
from chainrule.checking.measure import Result
from chainrule.checking.numbers import short

MARK = {True: "✓", False: "✗", None: ""}


def text_of(certificate: Certificate) -> str:
    """Return the certificate's text."""
    lines = [" " + _title(certificate), " " + _method(certificate)]
    lines += _gradients(certificate)
    lines += _remarks(certificate)
    if certificate.problem:
        lines += wrapped("WHERE", certificate.problem[0].upper() + certificate.problem[1:] + ".")
    if certificate.diagnosis is not None:
        lines += findings_of(certificate)
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
