"""The report: one HTML page with scores, columns, curves, and what the model goes by."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.storage import write_atomically
from chainrule.tables.importance import attributions, in_words
from chainrule.tables.network import names
from chainrule.tables.scoring import figure, main_score, notes, title

if TYPE_CHECKING:
    from chainrule.tables.training import Trained

BARS = 20
EXPLAINED = 5
NUMBER = ' class="n"'
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2937; max-width: 60rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e5e7eb; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.own td { font-weight: 600; background: #eff6ff; } .quiet { color: #6b7280; }
svg { max-width: 100%; height: auto; }
.two { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-end; }
.two svg { flex: 0 1 auto; min-width: 0; max-width: 28rem; }
"""


WHY = (
    '<p class="quiet">What each column adds to the answer beside an average row: gradient times '
    "(input less its mean), a linear view of this one row{unit}.</p>"
)


def write(trained: Trained, path: Path) -> None:
    """Write the page, whole or not at all."""
    write_atomically(path, page(trained).encode())


def page(trained: Trained) -> str:
    """Return the page as HTML; nothing in it is fetched from anywhere."""
    model, schema = trained.model, trained.schema
    target, rows = schema.target, trained.rows
    what = "a number" if target.classes is None else f"one of {len(target.classes)} classes"
    parts = [
        f"<h1>Predicting {escape(target.name)}</h1>",
        f"<p>{escape(target.name)} is {what}. Trained on {rows['training']:,} rows, watched on "
        f"{rows['validation']:,}, tested on {rows['test']:,} that the training never saw. "
        f"{model.history.epochs} epochs.</p>",
    ]
    parts += [f"<p>{escape(note[0].upper() + note[1:])}.</p>" for note in notes(trained)]
    if trained.scores:
        parts += ["<h2>How good is it?</h2>", _scores(trained)]
    if trained.importance:
        parts += [
            "<h2>What does it go by?</h2>",
            '<p class="quiet">How much the score falls on the test rows when one column\'s values '
            "are dealt to other rows. Columns that say the same share their importance.</p>",
            _bars(trained.importance, title(main_score(trained.schema))),
        ]
    parts += ["<h2>The training</h2>", '<div class="two">', *_pictures(trained), "</div>"]
    if trained.held is not None:
        why = WHY.format(unit="" if target.classes is None else ", in logits of its class")
        parts += ["<h2>Some rows of the test, and why</h2>", why, _rows(trained)]
    parts += ["<h2>The columns</h2>", _columns(trained)]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(target.name)}: report</title><style>{STYLE}</style></head>"
        f"<body>\n{body}\n</body></html>\n"
    )


def _table(head: list[str], rows: list[list[str]], right: int = 10**6, own: int = -1) -> str:
    """Return rows as a table; columns from `right` on are flushed right, row `own` stands out."""

    def cells(tag: str, row: list[str]) -> str:
        return "".join(
            f"<{tag}{NUMBER * (i >= right)}>{escape(cell)}</{tag}>" for i, cell in enumerate(row)
        )

    lines = [f"<tr>{cells('th', head)}</tr>"]
    for i, row in enumerate(rows):
        lines.append(f"<tr{' class=own' if i == own else ''}>{cells('td', row)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def _scores(trained: Trained) -> str:
    shown = [name for name in trained.scores if name != "loss"]
    everyone = {"this network": trained.scores, **trained.baselines}
    rows = [
        [who, *(figure(found[n]) if n in found else "" for n in shown)]
        for who, found in everyone.items()
    ]
    return _table(["", *map(title, shown)], rows, right=1, own=0)


def _columns(trained: Trained) -> str:
    rows = [
        [c.name, c.kind, c.reason, f"{100 * c.gaps:.1f} %" if c.gaps else "", names(c)]
        for c in trained.schema.columns
    ]
    return _table(["column", "kind", "why", "missing", "to the network"], rows)


def _bars(found: dict[str, float], score: str) -> str:
    from chainrule.plotting.canvas import BLUE, new_figure, quiet, short, svg

    top = list(found.items())[:BARS][::-1]
    figure = new_figure(7.5, 0.8 + 0.3 * len(top))
    ax = figure.add_subplot()
    quiet(ax)
    ax.barh([short(n, 28) for n, _ in top], [v for _, v in top], color=BLUE)
    ax.set_xlabel(f"fall of {score}")
    return svg(figure)


def _pictures(trained: Trained) -> list[str]:
    from chainrule.plotting import confusion_matrix, loss_curves
    from chainrule.plotting.canvas import BLUE, GREY, new_figure, quiet, readable, svg

    drawn = []
    model, held = trained.model, trained.held
    if model.history.epochs:
        drawn.append(svg(loss_curves(model.history).figure))
    if held is None:
        return drawn
    answers = model.predict(held.X)
    classes = trained.schema.target.classes
    if classes is not None:
        truth = np.array(classes)[held.targets]
        drawn.append(svg(confusion_matrix(truth, answers, list(classes)).figure))
        return drawn
    figure = new_figure(6.4, 4.0)  # beside the curves, which are as large
    ax = figure.add_subplot()
    quiet(ax)
    truth = held.targets.ravel()
    ax.plot(truth, answers, ".", color=BLUE, markersize=3, alpha=0.5)
    ends = [float(truth.min()), float(truth.max())]
    ax.plot(ends, ends, color=GREY, linewidth=1)
    ax.set_xlabel("truth")
    ax.set_ylabel("answer")
    readable(ax)
    ax.set_title("test rows; on the line the answer is right", loc="left", fontsize=10)
    drawn.append(svg(figure))
    return drawn


def _rows(trained: Trained) -> str:
    held, target = trained.held, trained.schema.target
    assert held is not None
    X = held.X[:EXPLAINED]
    answers = trained.model.predict(X)
    rows = []
    for i, found in enumerate(attributions(trained.model, X)):
        truth: Any = held.targets[i]
        truth = target.classes[truth] if target.classes else figure(float(truth[0]))
        answer = str(answers[i]) if target.classes else figure(float(answers[i]))
        why = in_words(trained.schema, X[i], found, EXPLAINED)
        rows.append([truth, answer, why])
    return _table(["truth", "answer", "what the columns add, the largest first"], rows)
