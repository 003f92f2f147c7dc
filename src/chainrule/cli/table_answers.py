"""`predict` where the data are a table of named columns: one answer a row, and why."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Any

from chainrule.cli.output import print_json
from chainrule.errors import ConfigurationError

if TYPE_CHECKING:
    from chainrule.model import Model

AT_ONCE = 5  # columns that --why names


def predict_table(
    model: Model, data: str, why: bool, probabilities: bool, chosen: str | None, json: bool
) -> None:
    """Print one answer a row, reading the table in chunks."""
    from chainrule.cli.predict import class_names, positions
    from chainrule.tables.importance import attributions, in_words
    from chainrule.tables.source import open_source

    if probabilities and model.loss.task == "regression":
        raise ConfigurationError(f"{model.loss!r} gives no probabilities")
    source = open_source(data)
    wanted = None
    if chosen is not None:
        total = sum(len(frame) for frame, *_ in source.chunks())
        wanted = positions(chosen, total)
    out = csv.writer(sys.stdout, lineterminator="\n")
    head = ["answer", *(class_names(model) if probabilities else []), *(["why"] if why else [])]
    if len(head) > 1 and not json:
        out.writerow(head)
    answers: list[Any] = []
    shares: list[Any] = []
    reasons: list[dict[str, float]] = []
    start = 0
    for rows in model.table.read(source):
        X = rows.X
        if wanted is not None:
            X = X[[i - start for i in wanted if start <= i < start + len(rows.X)]]
        start += len(rows.X)
        if not len(X):
            continue
        predicted = model.predict(X)
        found = predicted.tolist()
        if not json and predicted.dtype.kind == "f":
            found = [str(v) for v in predicted]  # as float32 has it: 67815.195, not 67815.1953125
        proba = model.predict_proba(X).tolist() if probabilities else []
        because = attributions(model, X) if why else []
        if json:
            answers += found
            shares += proba
            reasons += because
            continue
        for i, answer in enumerate(found):
            line = [answer, *(f"{share:.6f}" for share in (proba[i] if proba else []))]
            out.writerow(
                [*line, *([in_words(model.table, X[i], because[i], AT_ONCE)] if why else [])]
            )
    if json:
        result: dict[str, Any] = {"data": data, "answers": answers}
        if probabilities:
            result |= {"classes": class_names(model), "probabilities": shares}
        print_json(result | ({"why": reasons} if why else {}))
