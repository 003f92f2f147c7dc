"""Slips in the sums: a bias averaged, not summed, or summed along the wrong axis."""

from __future__ import annotations

from collections.abc import Iterator

from chainrule.checking.diagnosis.hypothesis import Change, Hypothesis, Site, variants
from chainrule.checking.diagnosis.scale import LAYER_NOTE
from chainrule.formulas import Call, Expression, Letter, letters_in, substitute

NETWORK_NOTE = "The 1/m of J = 1/m Σ L is in the gradient that comes in: here it is there twice."


def _sums(site: Site, name: str, *new: str) -> Iterator[Expression]:
    def change(node: Expression) -> Iterator[Expression]:
        if isinstance(node, Call) and node.name == name:
            inner: Expression = node
            for function in new:
                inner = Call(function, node.arguments if inner is node else (inner,))
            yield inner if new else node.arguments[0]

    return variants(site.formula, change)


def averaged(site: Site) -> Iterator[Change]:
    """Give the mean over the batch where the sum is meant."""
    if not site.of_bias:
        return
    for wrong in _sums(site, "batch_sum", "batch_mean"):
        note = LAYER_NOTE if "J" not in site.program.forward else NETWORK_NOTE
        yield Change(
            wrong, "The bias gradient is averaged over the batch; it must be summed.", note
        )


def not_summed(site: Site) -> Iterator[Change]:
    """Give one gradient for every sample, or the first sample's alone."""
    if site.letter[:1] not in "Wbg":
        return
    note = "For a single sample the sum has one term, which is why many texts write dB = dY."
    for wrong in _sums(site, "batch_sum"):
        yield Change(
            wrong,
            "The bias gradient is not summed over the batch: there is one for every sample.",
            note,
        )
    for wrong in _sums(site, "batch_sum", "first", "batch_sum"):
        yield Change(wrong, "Only the first sample is counted; the sum over the batch is missing.")
    firsts = _of_one_sample(site, "first")
    if firsts is not None:
        yield Change(firsts, "Only the first sample is counted; the sum over the batch is missing.")


def _of_one_sample(site: Site, which: str) -> Expression | None:
    """Return the line with one sample's values in place of the batch's, for a parameter."""
    if site.letter[:1] not in "Wbg":
        return None
    data = [n for n in letters_in(site.formula) if n[:1] not in "Wbg" and n not in ("m", "k")]
    return substitute(site.formula, {n: Call(which, (Letter(n),)) for n in data})


def overwritten_by_samples(site: Site) -> Iterator[Change]:
    """Give the last sample's gradient alone, as a loop with = in place of += leaves it."""
    wrong = _of_one_sample(site, "last")
    if wrong is None:
        return
    says = "Each sample overwrites the gradient of the one before; they must add up."
    note = "In a loop over the samples that is +=, from 0: only the last sample is left here."
    others = {}
    for line, formula in site.program.backward.items():
        other = _of_one_sample(Site(site.program, line, formula), "last")
        if line != site.line and line in site.program.gradients and other is not None:
            others[line] = other
    if others:
        yield Change(wrong, says, note, lines=others)
    yield Change(wrong, says, note)


def wrong_axis(site: Site) -> Iterator[Change]:
    """Give sums over features for sums over samples, the other way round, and over everything."""
    across = {
        "batch_sum": "feature_sum",
        "feature_sum": "batch_sum",
        "batch_mean": "feature_mean",
        "feature_mean": "batch_mean",
    }
    meant = {"batch": "the samples", "feature": "the features of each sample"}
    for name, other in across.items():
        right, wrong_over = meant[name.split("_")[0]], meant[other.split("_")[0]]
        for wrong in _sums(site, name, other):
            yield Change(wrong, f"The sum runs over {wrong_over}; it must run over {right}.")
        mean = other.replace("sum", "mean")
        for wrong in _sums(site, name, mean):
            yield Change(wrong, f"The mean runs over {wrong_over}; a sum over {right} is meant.")
        if name.endswith("sum"):
            for wrong in _sums(site, name, "total"):
                yield Change(wrong, f"The sum runs over everything; it must run over {right} only.")
            for wrong in _sums(site, name, "batch_mean", "feature_mean"):
                yield Change(wrong, f"The mean runs over everything; a sum over {right} is meant.")
            if name == "feature_sum":
                for wrong in _sums(site, name, "feature_mean"):
                    yield Change(wrong, "A mean over the features stands where a sum is meant.")


HYPOTHESES = [
    Hypothesis("bias averaged", averaged),
    Hypothesis("not summed over the batch", not_summed),
    Hypothesis("gradient overwritten", overwritten_by_samples),
    Hypothesis("wrong axis", wrong_axis),
]
