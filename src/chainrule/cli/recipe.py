"""From settings and data to an untrained model, and to the settings that really hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from chainrule import building
from chainrule.cli.importing import from_file
from chainrule.cli.samples import labels, own_classes
from chainrule.cli.settings import Settings, batch_size, share_or_file, share_or_name
from chainrule.data import DataSet, open_dataset
from chainrule.engines import choose
from chainrule.errors import ConfigurationError
from chainrule.layers import Layer
from chainrule.losses import Loss
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer

COLUMNS = 1000  # names of more columns than this are not kept in the model


class Recipe(NamedTuple):
    """A model and how it is to be trained."""

    model: Model
    epochs: int
    batch_size: int | None
    y: Array
    y_test: Array | None
    validation_split: float
    validation_data: tuple[Array, Array] | None


def prepare(settings: Settings, data: DataSet, output: Path) -> Recipe:
    """Return the model and the plan; every setting left open is decided by the data.

    Raises ConfigurationError for names that are not known and settings that contradict.
    """
    hidden = building.sizes(settings.layers if settings.layers is not None else [128])
    activation, activation_name = layer("activation", settings.activation or "relu", hidden=True)
    ending = settings.output_activation
    if ending is not None and not ending.rpartition(":")[1]:
        ending = building.named("output activation", ending, building.OUTPUT_ACTIVATIONS)
    k = len(data.classes or ())
    loss, loss_name = loss_for(settings.loss or building.sensible_loss(data.task, ending, k))
    if loss_name in building.LOSSES:
        ending = building.sensible_ending(loss_name, ending)
    outputs = building.output_count(loss_name, data.task, k, data.y, loss.task)
    optimizer, optimizer_name = optimizer_for(settings.optimizer or "adam", settings.learning_rate)
    network = building.build_network(
        data.x.shape[1:],
        outputs,
        hidden,
        activation,
        None if ending is None else layer("output activation", ending)[0],
        building.scale_factor(data.x),
    )
    classes, seed = own_classes(data), 0 if settings.seed is None else settings.seed
    model = Model(network, loss, optimizer, seed, classes=classes)
    split, validation = _validation(settings, data, classes)
    samples = len(data.x) - round(len(data.x) * split)
    size = building.sensible_batch(samples)
    batch = batch_size(size if settings.batch_size is None else settings.batch_size)
    epochs = settings.epochs
    if epochs is None:
        epochs = building.sensible_epochs(samples, batch or samples)
    choose(settings.engine or "auto")  # an unknown name stops here, before anything is trained
    if epochs < 0:
        raise ConfigurationError(f"epochs must be 0 or more, got {epochs}")
    model.configuration = {
        "data": settings.data,
        "target": settings.target,
        "layers": list(hidden),
        "activation": activation_name,
        "output_activation": ending,
        "loss": loss_name,
        "optimizer": optimizer_name,
        "learning_rate": float(optimizer.rate(0)),
        "epochs": epochs,
        "batch_size": batch or "all",
        "validation": share_or_name(settings.validation),
        "test": share_or_name(settings.test),
        "seed": seed,
        "engine": settings.engine or "auto",
        "output": str(output),
        "patience": settings.patience,
    }
    if data.columns is not None and len(data.columns) <= COLUMNS:
        model.configuration["columns"] = list(data.columns)
    y = labels(data.y, data.classes, classes, data.name)
    y_test = None
    if data.y_test is not None:
        y_test = labels(data.y_test, data.classes, classes, data.name)
    return Recipe(model, epochs, batch, y, y_test, split, validation)


def layer(kind: str, name: str, hidden: bool = False) -> tuple[Layer, str]:
    """Return the activation of this name, or of "mine.py:Swish", and its usual name."""
    own = from_file(name, Layer)
    if own is not None:
        return own, name
    known = building.ACTIVATIONS if hidden else building.OUTPUT_ACTIVATIONS
    name = building.named(kind, name, known)
    return known[name](), name


def loss_for(name: str) -> tuple[Loss, str]:
    """Return the loss of this name, or of "mine.py:Cautious", and its usual name."""
    own = from_file(name, Loss)
    if own is not None:
        return own, name
    name = building.named("loss", name, building.LOSSES)
    return building.LOSSES[name](), name


def optimizer_for(name: str, learning_rate: float | None) -> tuple[Optimizer, str]:
    """Return the optimizer of this name, or of "mine.py:SignDescent", and its usual name."""
    rate = {} if learning_rate is None else {"learning_rate": learning_rate}
    own = from_file(name, Optimizer, **rate)
    if own is not None:
        return own, name
    name = building.named("optimizer", name, building.OPTIMIZERS)
    return building.OPTIMIZERS[name](**rate), name


def _validation(
    settings: Settings, data: DataSet, classes: Any
) -> tuple[float, tuple[Array, Array] | None]:
    wanted = share_or_file(settings.validation)
    if not isinstance(wanted, Path):
        return wanted or 0.0, None
    held = open_dataset(wanted, target=settings.target, task=data.task)
    if data.columns and held.columns and data.columns != held.columns:
        raise ConfigurationError(
            f"{wanted}: its columns are {', '.join(held.columns[:8])}, not those of {data.name}"
        )
    return 0.0, (held.x, labels(held.y, held.classes, classes, str(wanted)))
