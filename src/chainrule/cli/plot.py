"""`chainrule plot WHAT MODEL [DATA]`: a picture of a training or of a network, into a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Import, Json, ModelFile, PartOf, Target

if TYPE_CHECKING:
    from chainrule.cli.samples import Part
    from chainrule.model import Model

KINDS = ("loss", "accuracy", "confusion", "weights", "examples")


def plot(
    what: Annotated[str, typer.Argument(metavar="|".join(KINDS))],
    model: ModelFile,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="For confusion and examples. [the training's]"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=".png, .svg or .pdf. [MODEL-WHAT.png]"),
    ] = None,
    terminal: Annotated[
        bool, typer.Option("--terminal", help="Draw loss or accuracy right here.")
    ] = False,
    count: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="How many units or examples."),
    ] = None,
    target: Target = None,
    part: PartOf = None,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Draw a training, or what a network does, into a file.

    loss and accuracy: curves over the epochs. confusion: true classes in rows, answers in columns.
    weights: the first layer's, as images. examples: images with the answers, mistakes first.
    """
    from chainrule.cli.models import open_model
    from chainrule.cli.nearest import writable
    from chainrule.cli.output import print_json
    from chainrule.errors import ConfigurationError, unknown_name
    from chainrule.plotting.canvas import format_of, save

    if what not in KINDS:
        raise unknown_name("plot", what, KINDS)
    path = writable(output or model.with_name(f"{model.stem}-{what}.png"))
    format_of(path)
    trained = open_model(model, import_)
    if terminal:
        _in_terminal(trained, what)
        return
    samples = None
    if what in ("confusion", "examples"):
        from chainrule.cli.samples import labelled

        name = data or trained.configuration.get("data")
        if name is None:
            raise ConfigurationError(f"plot {what} needs DATA: a name or a file")
        samples = labelled(trained, name, target, part)
    save(_drawn(what, trained, samples, count), path)
    if json:
        print_json({"model": model, "plot": what, "output": path})
    else:
        print(path)


def _drawn(what: str, model: Model, samples: Part | None, count: int | None) -> Any:
    from chainrule import plotting
    from chainrule.errors import ConfigurationError

    if what in ("loss", "accuracy"):
        return plotting.loss_curves(model.history, name=what)
    many: dict[str, Any] = {} if count is None else {"count": count}
    if what == "weights":
        return plotting.first_weights(model, **many)
    assert samples is not None
    if what == "examples":
        return plotting.examples(model, samples.x, samples.y, **many)
    if model.targets is None or model.targets.kind == "values":
        raise ConfigurationError("a confusion matrix needs classes, this model answers numbers")
    from chainrule.cli.predict import class_names

    names = class_names(model)
    classes = names if model.targets.classes is not None else list(range(len(names)))
    return plotting.confusion_matrix(samples.y, model.predict(samples.x), classes)


def _in_terminal(model: Model, what: str) -> None:
    from chainrule.cli.curves import curves
    from chainrule.errors import ConfigurationError

    if what not in ("loss", "accuracy"):
        raise ConfigurationError(f"--terminal draws loss and accuracy, not {what}")
    history = model.history
    if what not in history:
        raise ConfigurationError(f"there is no {what} to draw: the model has not been trained")
    print(curves(history[what], history.get(f"validation_{what}", []), what))
