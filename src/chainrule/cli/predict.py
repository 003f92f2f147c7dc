"""`chainrule predict MODEL DATA`: the model's answers, one a line."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import DataName, Import, Json, ModelFile, PartOf, Target

if TYPE_CHECKING:
    from chainrule.model import Model


def predict(
    model: ModelFile,
    data: DataName,
    sample: Annotated[
        str | None,
        typer.Option(metavar="N[,N...]", help="Only these samples, counted from 0."),
    ] = None,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="CSV: the answer and each class's probability.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="Of a table: what each column adds to the answer.")
    ] = False,
    target: Target = None,
    part: PartOf = None,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Print the answers of a MODEL to DATA, one a line.

    A target column in a file, if there is one, is left out.
    """
    from chainrule.cli.models import open_model
    from chainrule.cli.output import print_json
    from chainrule.cli.samples import unlabelled
    from chainrule.errors import ConfigurationError

    trained = open_model(model, import_)
    if trained.table is not None:
        from chainrule.cli.table_answers import predict_table

        predict_table(trained, data, why, probabilities, sample, json)
        return
    if why:
        raise ConfigurationError("--why needs a model that was trained on a table")
    if probabilities and trained.loss.task == "regression":
        raise ConfigurationError(f"{trained.loss!r} gives no probabilities")
    x = unlabelled(trained, data, target, part)
    if sample is not None:
        x = x[positions(sample, len(x))]
    predicted = trained.predict(x)
    answers = predicted.tolist()
    shares = _shares(trained, x) if probabilities else None
    if json:
        result: dict[str, Any] = {"model": model, "data": data, "answers": answers}
        if shares is not None:
            result |= {"classes": class_names(trained), "probabilities": shares}
        print_json(result)
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    if shares is not None:
        rows.writerow(["answer", *class_names(trained)])
        rows.writerows(
            [answer, *(f"{share:.6f}" for share in row)]
            for answer, row in zip(answers, shares, strict=True)
        )
        return
    if trained.loss.task == "regression" and predicted.dtype.kind == "f":
        answers = [[str(v) for v in row] for row in predicted.reshape(len(predicted), -1)]
    rows.writerows(answer if isinstance(answer, list) else [answer] for answer in answers)


def positions(text: str, samples: int) -> list[int]:
    """Return sample numbers from "3,5"; raise ConfigurationError for one that is not there.

    >>> positions("3,5", 10)
    [3, 5]
    """
    from chainrule.errors import ConfigurationError

    found = []
    for word in text.replace(",", " ").split():
        if not (word.isascii() and word.isdigit()) or int(word) >= samples:
            raise ConfigurationError(
                f"--sample must be numbers from 0 to {samples - 1:,}, got {word!r}"
            )
        found.append(int(word))
    if not found:
        raise ConfigurationError("--sample needs a number")
    return found


def class_names(model: Model) -> list[str]:
    """Return the names of the classes, by number where they have none."""
    assert model.targets is not None
    k = 2 if model.targets.kind == "flags" and model.targets.outputs == 1 else model.targets.outputs
    return [str(name) for name in model.targets.classes or range(k)]


def _shares(model: Model, x: Any) -> list[list[float]]:
    proba = model.predict_proba(x)
    if proba.shape[1] == 1:  # of one flag: the two answers
        return [[1 - p, p] for (p,) in proba.tolist()]
    rows: list[list[float]] = proba.tolist()
    return rows
