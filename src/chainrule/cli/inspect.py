"""`chainrule inspect MODEL`: what is in a model file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Import, Json, ModelFile

if TYPE_CHECKING:
    from chainrule.model import Model


def inspect(
    model: ModelFile,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print the settings, as `train --config` takes them.")
    ] = False,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Print what is in a MODEL."""
    from chainrule.cli.models import open_model
    from chainrule.cli.output import print_json
    from chainrule.cli.settings import to_toml
    from chainrule.description import to_config
    from chainrule.model_file import header

    trained = open_model(model, import_)
    if toml:
        print(to_toml(trained.configuration), end="")
        return
    if json:
        assert trained.built is not None
        facts = header(trained)
        facts["configuration"] = facts.pop("training")
        facts["network"] = to_config(trained.network)
        extra = {"parameters": trained.built.count, "layers": _layers(trained)}
        print_json({"model": model, "bytes": model.stat().st_size, **facts, **extra})
        return
    print(trained.summary())
    print()
    if trained.table is not None:
        from chainrule.cli.tables import columns_table

        print(columns_table(trained.table))
        print()
    for name, value in _facts(trained, model.stat().st_size):
        print(f"{name:<14} {value}")


def _layers(model: Model) -> list[dict[str, Any]]:
    assert model.built is not None
    return [
        {
            "name": place.path,
            "layer": repr(place.layer),
            "input_shape": place.input_shape,
            "output_shape": place.output_shape,
            "parameters": sum(prod(spec.shape) for spec in _specs(place)),
        }
        for place in model.built.places
    ]


def _specs(place: Any) -> list[Any]:
    from chainrule.tree import flatten

    return list(flatten(place.layer.parameters(place.input_shape)).values())


def _facts(model: Model, size: int) -> list[tuple[str, str]]:
    import chainrule
    from chainrule.training.progress import describe

    assert model.built is not None
    shape = ", ".join(["m", *map(str, model.built.input_shape)])
    facts = [
        ("file", f"{size:,} bytes, format 1, chainrule {chainrule.__version__}"),
        ("input", f"({shape})"),
    ]
    targets = model.targets
    if targets is not None:
        if targets.kind == "values":
            what = f"{targets.outputs} number{'s' * (targets.outputs > 1)}"
        else:
            from chainrule.cli.predict import class_names

            what = ", ".join(class_names(model)[:20])
        facts.append(("answers", what))
    history = model.history
    if history.epochs:
        last = {name: curve[-1] for name, curve in history.curves.items()}
        facts.append(("trained", f"{history.epochs} epochs in {sum(history.seconds):.1f} s"))
        facts.append(("", describe(last)))
        facts.append(("engine", history.engine))
    if history.stopped:
        facts.append(("stopped", history.stopped))
    settings = {k: v for k, v in model.configuration.items() if v is not None and k != "columns"}
    if settings:
        width = max(map(len, settings))
        lines = [f"{k:<{width}}  {_written(v)}" for k, v in settings.items()]
        facts += [("settings" if i == 0 else "", line) for i, line in enumerate(lines)]
    return facts


def _written(value: Any) -> str:
    return ",".join(map(str, value)) or "none" if isinstance(value, list) else str(value)
