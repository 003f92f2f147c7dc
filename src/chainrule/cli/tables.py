"""`train` and `evaluate` where the data are a table of named columns."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule import building
from chainrule.cli.nearest import existing
from chainrule.cli.output import print_json, say, table
from chainrule.cli.settings import Settings, batch_size, share_or_file
from chainrule.data.readers import TABLES
from chainrule.data.readers.csv import PIXEL_COLUMNS, is_header, parse_number
from chainrule.errors import ConfigurationError, DataError
from chainrule.tables.polars import installed
from chainrule.tables.scoring import figure, notes
from chainrule.tables.source import ARROW

if TYPE_CHECKING:
    from chainrule.model import Model
    from chainrule.tables import Schema, Trained
    from chainrule.training import Callback
    from chainrule.training.progress import Verbosity

HELD = {"test": 0.2, "validation": 0.1}  # shares of the rows


def is_table(name: str | None) -> bool:
    """Say whether a file is read as a table of named columns, not as samples of plain numbers.

    Parquet and Arrow always are. A CSV is where polars is installed and the first row names the
    columns, unless it holds pixels: 64 columns or more of whole numbers from 0 to 255.
    """
    path = Path(name or "").expanduser()
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if not path.is_file():
        return False
    if ending in ARROW:
        return True
    if ending not in TABLES or not installed():
        return False
    from chainrule.data.readers.files import opened

    with opened(path) as (stream, _):
        head = stream.read(1 << 20).decode("utf-8", "replace").removeprefix("\ufeff")
    lines = head.splitlines()[:2]
    if not lines:
        return True
    separator = max(",;\t|", key=lines[0].count)
    rows = list(csv.reader(lines, delimiter=separator))
    if not rows or not is_header(rows[0], rows[1] if len(rows) > 1 else None):
        return False
    cells = rows[1][1:] if len(rows) > 1 else []
    values = [parse_number(cell) for cell in cells]
    pixels = all(v is not None and v % 1 == 0 and 0 <= v <= 255 for v in values)
    return not (len(cells) >= PIXEL_COLUMNS and pixels)


@contextmanager
def hinted(name: str | None) -> Iterator[None]:
    """Name the extra where a CSV that only a table can hold is refused as plain numbers."""
    try:
        yield
    except DataError as error:
        if Path(name or "").suffix.lower() in TABLES and not installed():
            raise DataError(
                f"{error}; texts, dates and gaps are read with polars: "
                f'pip install "chainrule[tables]"'
            ) from None
        raise


def train_table(
    wanted: Settings, path: Path, callbacks: list[Callback], quiet: bool, verbose: bool, json: bool
) -> Trained:
    """Train on a table, say how good the model is, write model and report."""
    trained = trained_as(
        wanted, path, callbacks, 0 if quiet else 2 if verbose else "auto",
        None if quiet else lambda schema: say(columns_table(schema)),
    )  # fmt: skip
    model = trained.model
    model.save(path)
    page = path.with_suffix(".html")
    trained.report(page)
    if json:
        print_json(
            {
                "data": wanted.data, "target": model.table.target.name, "rows": trained.rows,
                "test": trained.scores, "baselines": trained.baselines,
                "importance": trained.importance, "epochs": model.history.epochs,
                "columns": [c.to_config() for c in model.table.columns],
                "output": str(path), "report": str(page), "history": model.history.curves,
            }
        )  # fmt: skip
    else:
        print_scores(trained)
        print(f"written to {path}; report: {page}")
    return trained


def trained_as(
    wanted: Settings,
    path: Path,
    callbacks: list[Callback],
    verbose: Verbosity = 0,
    said: Callable[[Schema], None] | None = None,
) -> Trained:
    """Return what a training by these settings gives; the model keeps the settings that held."""
    from chainrule.cli.recipe import layer, loss_for, optimizer_for
    from chainrule.tables import train

    if wanted.output_activation is not None:
        raise ConfigurationError("--output-activation does not go with a table: the loss has it")
    weight: Any = wanted.class_weight or "auto"
    if weight not in ("auto", "balanced", "none"):
        raise ConfigurationError(f"--class-weight must be auto, balanced or none, got {weight!r}")
    held = {name: _held(name, getattr(wanted, name), share) for name, share in HELD.items()}
    hidden = None if wanted.layers is None else building.sizes(wanted.layers)
    size = None if wanted.batch_size is None else batch_size(wanted.batch_size) or sys.maxsize
    optimizer = None
    if wanted.optimizer is not None or wanted.learning_rate is not None:
        optimizer, _ = optimizer_for(wanted.optimizer or "adam", wanted.learning_rate)
    activation, _ = layer("activation", wanted.activation or "relu", hidden=True)
    trained = train(
        wanted.data,
        wanted.target,
        columns=wanted.columns,
        hidden=hidden,
        activation=activation,
        loss=None if wanted.loss is None else loss_for(wanted.loss)[0],
        optimizer=optimizer,
        epochs=wanted.epochs,
        batch_size=size,
        patience=wanted.patience,
        class_weight=weight,
        seed=wanted.seed or 0,
        callbacks=callbacks,
        verbose=verbose,
        engine=wanted.engine or "auto",
        said=said,
        **held,
    )
    asked = {name: value for name, value in asdict(wanted).items() if value is not None}
    trained.model.configuration = asked | {
        "target": trained.schema.target.name,
        "seed": wanted.seed or 0,
        "class_weight": weight,
        **{name: v if isinstance(v, float) else str(v) for name, v in held.items()},
        "engine": re.split("[ :;]", trained.model.history.engine)[0],  # "auto" chose it
        "output": str(path),
    }
    return trained


def _held(name: str, given: float | str | None, share: float) -> Any:
    """Return the share of the rows that is held out, or the file that takes its place."""
    found = share if given is None else share_or_file(given) or 0.0
    return existing(found, f"{name} file") if isinstance(found, Path) else found


def columns_table(schema: Any) -> str:
    """Return what every column was taken for, and why."""
    from chainrule.tables.network import names

    target = schema.target
    rows = [("column", "kind", "why", "gaps", "to the network")]
    rows += [
        (c.name, c.kind, c.reason, f"{100 * c.gaps:.1f} %" if c.gaps else "", names(c))
        for c in schema.columns
    ]
    known = target.classes or ()
    names_of = ", ".join(known[:6]) + ", …" * (len(known) > 6)
    what = f"{target.reason}: {names_of}" if known else target.reason
    rows.append((target.name, "target", what, "", ""))
    return table(rows, right=[3])


def print_scores(trained: Trained) -> None:
    """Print the scores on the rows held out, beside those of the baselines."""
    if not trained.scores:
        return
    names = [name for name in trained.scores if name != "loss"]
    everyone = {"this network": trained.scores, **trained.baselines}
    rows = [(f"test, {trained.rows['test']:,} rows", *names)]
    rows += [
        (who, *(figure(found[n]) if n in found else "" for n in names))
        for who, found in everyone.items()
    ]
    print(table(rows, right=range(1, len(names) + 1)))
    for note in notes(trained):
        print(note)


def evaluate_table(model: Model, data: str, part: str | None, json: bool) -> None:
    """Print the scores of a model on a table."""
    from chainrule.tables import evaluate

    if part not in (None, "test", "train", "all"):
        raise ConfigurationError(f"--part must be test, train or all, got {part}")
    if part is None:
        part = "test" if data == model.configuration.get("data") else "all"
    scores, count = evaluate(model, data, part if model.table.held_out else "all")
    if json:
        print_json({"data": data, "samples": count, **scores})
        return
    words = ", ".join(f"{name} {figure(value)}" for name, value in scores.items())
    print(f"{count:,} rows of {data} ({part}): {words}")
