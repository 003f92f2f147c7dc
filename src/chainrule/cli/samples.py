"""From a name or a file on the command line to samples that a model takes."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.cli.nearest import existing
from chainrule.cli.settings import Settings, share_or_file
from chainrule.data import DataSet, hold_out, names, open_dataset, read
from chainrule.errors import ConfigurationError, DataError, unknown_name
from chainrule.namespace import Array

if TYPE_CHECKING:
    from chainrule.model import Model

SHARE = 0.2  # of a file without a test set
ENOUGH = 10  # fewer samples are not divided
PARTS = ("test", "train", "all")


class Part(NamedTuple):
    """Samples and their targets, as labels of the model; `what` says in words what they are."""

    x: Array
    y: Array
    what: str


def open_for_training(settings: Settings) -> tuple[DataSet, Settings]:
    """Return the data, and the settings with the share that is held out for testing.

    That is a fifth where nothing is said and there is no test set.
    """
    if settings.data is None:
        raise ConfigurationError("train needs DATA: a name (see chainrule data list) or a file")
    seed, wanted = settings.seed or 0, share_or_file(settings.test)
    if isinstance(wanted, Path):
        existing(wanted, "test file")
    data = open_dataset(known(settings.data), target=settings.target, test=wanted, seed=seed)
    if data.x_test is not None or settings.test is not None or len(data.x) < ENOUGH:
        return data, settings
    labels = None if data.classes is None else data.y
    kept, held = hold_out(len(data.x), SHARE, seed=seed, labels=labels)
    data = replace(
        data, x=data.x[kept], y=data.y[kept], x_test=data.x[held], y_test=data.y[held]
    )  # fmt: skip
    return data, replace(settings, test=SHARE)


def known(name: str) -> str:
    """Return `name` if it is a data set's or a path's; else name the nearest of both."""
    path = Path(name).expanduser()
    if name in names() or path.exists():
        return name
    if path.suffix or len(path.parts) > 1:
        existing(path, "data file")
    raise unknown_name("data set", name, names())


def own_classes(data: DataSet) -> tuple[str, ...] | None:
    """Return the classes' names, or None where they are just 0, 1, 2, ... in order."""
    numbers = tuple(map(str, range(len(data.classes or ()))))
    return None if data.classes == numbers else data.classes


def labels(y: Array, classes: tuple[str, ...] | None, model_classes: Any, where: str) -> Array:
    """Return the positions `y` in `classes` as the labels that a model knows.

    >>> labels(np.array([1, 0]), ("7", "9"), None, "a file")
    array([9, 7])
    """
    if classes is None:
        return y
    if model_classes is not None:
        return np.array(classes)[y]
    if not all(name.isdigit() for name in classes):
        raise DataError(
            f"{where}: its classes are {', '.join(classes[:8])}; the model's are numbers"
        )
    return np.array([int(name) for name in classes])[y]


def labelled(model: Model, name: str, target: str | None, part: str | None = None) -> Part:
    """Return samples with targets to ask a trained model about.

    `part` is "test", "train" or "all"; by default the test part where there is one, and
    everything otherwise. In the data that the model was trained on, the test part is what was
    held out then. Raises ConfigurationError for another part.
    """
    if part is not None and part not in PARTS:
        raise unknown_name("part", part, PARTS)
    settings = model.configuration
    if model.table is not None:  # `explain` shows the maths of a table's row
        from chainrule.tables.source import open_source
        from chainrule.tables.survey import rows_of

        if part is None:
            part = "test" if model.table.held_out and name == settings.get("data") else "all"
        rows = list(rows_of(model.table, open_source(name), part))
        X, y = (np.concatenate(arrays) for arrays in zip(*((r.X, r.y) for r in rows), strict=True))
        return Part(X, y, f"{len(X):,} rows of {name} ({part})")
    values = model.targets is not None and model.targets.kind == "values"
    data = open_dataset(
        known(name),
        target=target or settings.get("target"),
        test=share_or_file(settings.get("test")) if name == settings.get("data") else None,
        seed=settings.get("seed") or 0,
        task="regression" if values else "classification",
    )
    if part is None:
        part = "all" if data.x_test is None else "test"
    if part == "test":
        if data.x_test is None or data.y_test is None:
            raise ConfigurationError(f"{data.name} has no test part: leave out --part")
        x, y = data.x_test, data.y_test
    elif part == "train" or data.x_test is None or data.y_test is None:
        x, y = data.x, data.y
    else:
        x, y = np.concatenate([data.x, data.x_test]), np.concatenate([data.y, data.y_test])
    classes = None if model.targets is None else model.targets.classes
    x = fitting(model, x, data.columns, data.name)
    what = f"{len(x):,} samples of {data.name} ({part})"
    return Part(x, labels(y, data.classes, classes, data.name), what)


def unlabelled(model: Model, name: str, target: str | None, part: str | None) -> Array:
    """Return samples alone: of a named set, or of a file with or without the target."""
    path = Path(name).expanduser()
    if model.table is not None:
        encoded: Array = model.table.encode(existing(path, "data file"))
        return encoded
    if name in names() or not path.exists():
        return labelled(model, name, target, part).x
    target = target or model.configuration.get("target")
    try:
        samples = read(path, labelled=False)
        return fitting(model, samples.x, samples.columns, name)
    except DataError as first:  # ShapeError is none, so a wrong number of columns goes on as well
        problem: Exception = first
    try:
        samples = read(path, target=target)
        return fitting(model, samples.x, samples.columns, name)
    except DataError:
        raise problem from None


def fitting(model: Model, x: Array, columns: tuple[str, ...] | None, where: str) -> Array:
    """Return x in the model's input shape, its columns in the order the model was trained on.

    Raises DataError for a column that is missing, or for samples of another size.
    """
    assert model.built is not None
    shape = model.built.input_shape
    trained = model.configuration.get("columns")
    if trained and columns and set(trained) != set(columns) and x.ndim == 2:
        missing = [c for c in trained if c not in columns]
        if missing and not all(c.isdigit() for c in columns):  # digits: a file without a header
            raise DataError(
                f'{where} lacks the column "{missing[0]}", which the model was trained on; '
                f"it has {', '.join(columns[:12])}"
            )
    if trained and columns and set(trained) <= set(columns) and x.ndim == 2:
        return x[:, [columns.index(c) for c in trained]]
    if x.shape[1:] == shape:
        return x
    if prod(x.shape[1:]) == prod(shape):
        return x.reshape(len(x), *shape)
    raise DataError(f"{where}: the model takes samples of shape {shape}, these are {x.shape[1:]}")
