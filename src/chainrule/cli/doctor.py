"""`chainrule doctor MODEL [DATA]`: what is wrong with a training, with the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Import, Json, ModelFile, Target

if TYPE_CHECKING:
    from chainrule.model import Model


def doctor(
    model: ModelFile,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="The samples. [those that MODEL was trained on]"),
    ] = None,
    target: Target = None,
    trial: Annotated[
        bool, typer.Option("--trial/--no-trial", help="Repeat the training's first 100 steps.")
    ] = True,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Say what is wrong with the training of a MODEL.

    Exit code 1 where there is a problem, 0 where there are remarks at most.
    """
    from chainrule.cli.models import open_model
    from chainrule.cli.output import print_json, say
    from chainrule.doctor import examine
    from chainrule.errors import ChainruleError

    trained = open_model(model, import_)
    known = data or trained.configuration.get("data")
    parts: dict[str, Any] = {}
    if known is not None:
        try:
            parts = _parts(trained, known, target)
        except (ChainruleError, OSError) as error:
            if data is not None:
                raise
            say(f"{known}, which it was trained on, cannot be read: {error}")
    report = examine(trained, **parts, trial=trial)
    if json:
        print_json({"model": model, "data": known if parts else None, **report.to_dict()})
    else:
        print(report)
    if not report.healthy:
        raise typer.Exit(1)


def _parts(model: Model, name: str, target: str | None) -> dict[str, Any]:
    """Return the samples to train on, and those held out where there are any."""
    from chainrule.cli.samples import labelled
    from chainrule.errors import ConfigurationError

    try:
        train = labelled(model, name, target, "train")
        other = labelled(model, name, target, "test")
        return {"x": train.x, "y": train.y, "held_out": (other.x, other.y)}
    except ConfigurationError:  # no test part, or no such data: then this says so
        samples = labelled(model, name, target, "all")
        return {"x": samples.x, "y": samples.y}
