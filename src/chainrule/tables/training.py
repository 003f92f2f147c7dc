"""`tables.train`: from a file or a frame to a model that takes such rows as they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from chainrule.building import sensible_batch, sensible_epochs
from chainrule.errors import DataError
from chainrule.layers import Concatenate, Dense, Dropout, Identity, ReLU, Sequential
from chainrule.layers.base import Layer
from chainrule.losses import Loss, SoftmaxCrossEntropy, StandardizedSquaredError
from chainrule.model import Model
from chainrule.optimizers import Adam, AdamW, Averaged, Optimizer
from chainrule.receipt import receipt
from chainrule.step import Data
from chainrule.tables.column import overrules
from chainrule.tables.encoding import encode, encode_all
from chainrule.tables.importance import permutation_importance
from chainrule.tables.network import door, learnt, unseen_embeddings
from chainrule.tables.schema import Schema
from chainrule.tables.scoring import constant, score, uneven
from chainrule.tables.source import Source, Watched, open_source
from chainrule.tables.survey import TEST, TRAIN, VALIDATION, rows_of, survey, target_of
from chainrule.targets import Targets
from chainrule.training.callbacks import Callback, EarlyStopping
from chainrule.training.fitting import fit
from chainrule.training.plan import Plan
from chainrule.training.progress import Verbosity
from chainrule.training.weighting import weighted
from chainrule.tree import replace

SMALL = 2_000  # training rows: a smaller network, held back harder
LINEAR_ROWS = 100_000
MANY = 1_000_000  # training rows: larger minibatches, fewer epochs


@dataclass
class Trained:
    """A model of a table, and all that was found out on the way."""

    model: Model
    rows: dict[str, int]
    scores: dict[str, float] = field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    importance: dict[str, float] = field(default_factory=dict)
    balanced: bool = False
    held: Data | None = None

    @property
    def schema(self) -> Schema:
        """What each column is, and the target."""
        return self.model.table

    def report(self, path: str | Path) -> None:
        """Write the report, one HTML page."""
        from chainrule.tables.report import write

        write(self, Path(path))


def build(
    schema: Schema,
    hidden: Sequence[int],
    activation: Layer | None,
    loss: Loss | None,
    optimizer: Optimizer | None,
    seed: int,
    dropout: float = 0.0,
    beside: bool = False,
) -> Model:
    """Return the untrained model of a schema; its first layer knows what the table taught.

    With `beside` the last layer gets the inputs themselves as well, beside the hidden layers.
    """
    target = schema.target
    outputs = 1 if target.classes is None else len(target.classes)
    if loss is None:
        scaled = StandardizedSquaredError(target.mean, target.spread)
        loss = scaled if target.classes is None else SoftmaxCrossEntropy()
    elif loss.task == "binary":
        outputs = 1
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units), activation or ReLU()]
        layers += [Dropout(dropout)] if dropout else []
    if beside:
        layers = [Concatenate(inputs=Identity(), hidden=Sequential(*layers))]
    network = Sequential(door(schema), *layers, Dense(outputs))
    model = Model(network, loss, optimizer or Adam(), seed, (schema.width,), classes=target.classes)
    kind: Any = {"classes": "labels", "binary": "flags"}.get(loss.task, "values")
    model.targets = Targets(kind, outputs, target.classes)
    model.table = schema
    state, known = model.state, learnt(schema)
    typed = {f"running.{n}": a.astype(model.dtype) for n, a in known.items()}
    model.restore(
        state._replace(running=replace({"running": dict(state.running)}, typed)["running"])
    )
    for name in unseen_embeddings(schema):
        W = np.array(model.parameters[name])
        W[0] = W[1:].mean(axis=0)
        model.set_parameters({name: W})
    return model


class Sensible(NamedTuple):
    """What follows from the number of rows; `beside` is that of `build`."""

    hidden: Sequence[int]
    dropout: float
    beside: bool
    optimizer: Optimizer


def sensible(rows: int, open_end: bool = True) -> Sensible:
    """Return hidden layers, dropout and optimizer for so many training rows.

    With `open_end`, training goes on until validation says stop, and the weights that count are a
    running average over a hundred updates: so the best epoch on few validation rows is less a
    matter of luck. (A few epochs, as asked for, would end before the average has caught up.)
    Below 2,000 rows a wide network learns the noise: there it is one layer, with dropout, and the
    inputs go past it as well, so that what is linear need not be learnt by units that drop out. The
    weights decay by 300 / rows, between 0.1 and 1: few rows weigh less against that prior. Source:
    Kadra, Lindauer, Hutter and Grabocka, "Well-tuned simple nets excel on tabular datasets" (2021),
    which has these among others; the first values were chosen on the tables of
    benchmarks/small_tables.py, the way past the layer on others: see there.

    >>> sensible(500)[:3]
    ((64,), 0.3, True)
    >>> sensible(500).optimizer
    Averaged(AdamW(weight_decay=0.6), 0.99)
    """
    small = rows < SMALL
    rule: Optimizer = AdamW(weight_decay=round(min(1.0, max(0.1, 300 / max(rows, 1))), 3))
    if open_end:
        rule = Averaged(rule, 0.99)
    return Sensible((64,), 0.3, True, rule) if small else Sensible((128, 64), 0.0, False, rule)


def train(
    data: Any,
    target: str | None = None,
    *,
    columns: str | Mapping[str, str] | None = None,
    hidden: Sequence[int] | None = None,
    activation: Layer | None = None,
    loss: Loss | None = None,
    optimizer: Optimizer | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    patience: int | None = None,
    test: Any = 0.2,
    validation: Any = 0.1,
    class_weight: Literal["auto", "balanced", "none"] = "auto",
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    verbose: Verbosity = 0,
    engine: str = "auto",
    explain: bool = True,
    said: Callable[[Schema], None] | None = None,
) -> Trained:
    """Train a network on a table and say how good it is on rows that were held out.

    `data` is a file (CSV, TSV, Parquet, Arrow), a frame of polars or pandas, or a mapping; `target`
    names the column to predict. `columns` overrules what a column is taken for:
    {"zip": "category", "when": "date:%d.%m.%Y", "note": "ignore"}. `test` and `validation` are
    shares of the rows, of each class alike, or tables of their own (a file, a frame). What is left
    open follows from the number of rows: see `sensible`.
    `class_weight="auto"` weighs classes alike where the
    commonest has over five times the rows of the rarest. What is learnt from the columns is part of
    `model`, which predicts from frames and files with the same columns in any order.

    Raises DataError naming the column and the first bad row, before anything is trained.

    >>> rows = {"size": list(range(40, 140)), "town": ["Bern", "Rome"] * 50}
    >>> rows["price"] = [3 * s + 50 * (t == "Rome") for s, t in zip(*rows.values())]
    >>> trained = train(rows, target="price", columns={"size": "number"}, epochs=60)
    >>> trained.scores["r2"] > 0.9
    True
    >>> trained.model.predict([{"town": "Rome", "size": 100}]).shape
    (1,)
    """
    source = open_source(data)
    goal = target_of(source, target)
    looked = Watched(source, "looking through", not verbose)
    shares, others = dict[int, float](), dict[int, Source]()
    for part, given in ((TEST, test), (VALIDATION, validation)):
        share = isinstance(given, int | float)
        shares[part] = given if share else 0.0
        if not share:
            others[part] = open_source(given)
    schema, parts = survey(looked, goal, overrules(columns), shares[TEST], shares[VALIDATION], seed)
    for other in others.values():
        schema.check(other, targets=True)
    if said is not None:
        said(schema)
    with tempfile.TemporaryDirectory(prefix="chainrule-", ignore_cleanup_errors=True) as folder:
        encoded = encode(Watched(source, "encoding", not verbose), schema, parts, folder)
        for part, other in others.items():
            encoded[part] = encode_all(Watched(other, "encoding", not verbose), schema, folder)
        training, held_in, held = encoded[TRAIN], encoded[VALIDATION], encoded[TEST]
        n = len(training.X)
        size = batch_size or (1024 if n >= MANY else sensible_batch(n))
        net = sensible(n, epochs is None)
        if hidden is not None:
            net = net._replace(hidden=hidden, dropout=0.0, beside=False)
        if epochs is None:
            epochs = sensible_epochs(n, size) if n < MANY else max(2, 10 * MANY // n)
        plan = Plan.of(n, size, seed, shuffle=True)
        rule = optimizer or net.optimizer
        model = build(schema, net.hidden, activation, loss, rule, seed, net.dropout, net.beside)
        balanced = schema.target.classes is not None and (
            class_weight == "balanced" or (class_weight == "auto" and uneven(schema))
        )
        if balanced:
            assert model.targets is not None
            training = weighted(training, model.targets, "balanced")
            if len(held_in.X):
                held_in = weighted(held_in, model.targets, "balanced")
        watching = [*callbacks]
        if len(held_in.X):
            watching.append(EarlyStopping(patience=patience or max(5, epochs // 10)))
        fit(
            model, model.task, training, held_in if len(held_in.X) else None, plan, epochs,
            callbacks=watching, verbose=verbose, engine=engine,
        )  # fmt: skip
        model.receipt = receipt(model, training.X, training.targets)
        counts = {"training": n, "validation": len(held_in.X), "test": len(held.X)}
        trained = Trained(model, counts, balanced=balanced)
        if len(held.X):
            judge(trained, training, held, size, explain)
    return trained


def judge(trained: Trained, training: Data, held: Data, size: int, explain: bool) -> None:
    """Fill in scores, baselines and importance, on the rows held out for the test."""
    model = trained.model
    trained.scores = score(model, model.outputs(held.X), held)
    name, found = constant(trained.schema, training, held)
    trained.baselines[name] = found
    trained.baselines["linear"] = _linear(trained, training, held, size)
    if explain:
        trained.importance = permutation_importance(model, held)
    trained.held = Data(np.array(held.X[:2000]), np.array(held.targets[:2000]))


def _linear(trained: Trained, training: Data, held: Data, size: int) -> dict[str, float]:
    """Return the scores of the same inputs without hidden layers, on up to 100,000 rows."""
    every = -(-len(training.X) // LINEAR_ROWS)
    weights = None if training.weights is None else training.weights[::every]
    part = Data(np.array(training.X[::every]), training.targets[::every], weights)
    model = build(trained.schema, (), None, None, Adam(0.01), trained.model.seed)
    plan = Plan.of(len(part.X), size, model.seed, shuffle=True)
    epochs = min(sensible_epochs(len(part.X), plan.batch_size), 100)
    fit(model, model.task, part, None, plan, epochs, callbacks=(), verbose=0, engine="numpy")
    return score(model, model.outputs(held.X), held)


def evaluate(model: Model, data: Any, part: str | None = None) -> tuple[dict[str, float], int]:
    """Return the scores of a model on a table with its target, and how many rows they are of.

    `part` "test" or "train" means that part of the file which the model was trained on.
    """
    source = open_source(data)
    Z: list[Any] = []
    y: list[Any] = []
    for rows in rows_of(model.table, source, part):
        Z.append(model.outputs(rows.X))
        y.append(rows.y)
    if not sum(map(len, Z)):
        raise DataError(f"{source.where}: no rows to evaluate")
    every = np.concatenate(y)
    held = Data(np.empty(0), every if model.table.target.classes else every[:, None])
    return score(model, np.concatenate(Z), held), len(every)
