"""`chainrule reproduce MODEL`: train again as the file says, and compare what came out."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import typer

from chainrule.cli.options import Import, Json, ModelFile

WORDS = {
    "bits": "reproduced: the weights and curves are the same bits",
    "rounding": "reproduced but for rounding: the curves agree, the bits do not",
    "different": "not reproduced: the curves differ",
}


def reproduce(
    model: ModelFile,
    exact: Annotated[
        bool, typer.Option("--exact", help="Fail (exit code 1) unless the very bits agree.")
    ] = False,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Train a MODEL again from its settings, and say whether bits, or only rounding, agree."""
    from chainrule import receipt
    from chainrule.cli.models import open_model
    from chainrule.cli.output import print_json, say

    stored = open_model(model, import_)
    if not stored.receipt:
        from chainrule.errors import ConfigurationError

        raise ConfigurationError(
            f"{model} holds no receipt: reproduce is for models that `chainrule train` has written"
        )
    again, now = _trained_again(stored, model, import_)
    verdict, largest = receipt.agreement(stored, again)
    reasons = receipt.differences(stored.receipt, now)
    if json:
        print_json(
            {"model": model, "agreement": verdict, "largest_difference": largest,
             "differences": reasons, "receipt": stored.receipt, "now": now}
        )  # fmt: skip
    else:
        print(WORDS[verdict])
        if verdict != "bits":
            print(f"largest difference of a weight: {largest:.2g} of the largest in its array")
        for reason in reasons:
            say(reason)
        if verdict != "bits" and not reasons:
            say("versions, engine, threads and data are the same: the settings may not tell it all")
    if verdict == "different" or (exact and verdict != "bits"):
        raise typer.Exit(1)


def _trained_again(stored: Any, path: Any, import_: Any) -> tuple[Any, dict[str, Any]]:
    """Return a model trained by the settings in a model file, and its receipt."""
    from chainrule import receipt
    from chainrule.cli.recipe import prepare
    from chainrule.cli.samples import open_for_training
    from chainrule.cli.saving import callbacks
    from chainrule.cli.settings import Settings
    from chainrule.errors import ConfigurationError

    known = {f.name for f in fields(Settings)}
    settings = Settings(**{k: v for k, v in stored.configuration.items() if k in known})
    for name in ("activation", "output_activation", "loss", "optimizer"):
        value = str(getattr(settings, name))
        if ".py:" in value and not import_:  # a file from a stranger may not name code to run
            raise ConfigurationError(
                f"{path} was trained with {value}: to run that file, say --import "
                f"{value.partition(':')[0]}"
            )
    if stored.table is not None:
        from chainrule.cli.tables import trained_as

        again = trained_as(settings, path, []).model
        return again, again.receipt
    dataset, settings = open_for_training(settings)
    recipe = prepare(settings, dataset, path)
    again = recipe.model
    again.fit(
        dataset.x, recipe.y, recipe.epochs, recipe.batch_size,
        validation_split=recipe.validation_split, validation_data=recipe.validation_data,
        engine=settings.engine or "auto",
        callbacks=callbacks(settings.patience, recipe, None, False, 2),
    )  # fmt: skip
    return again, receipt.receipt(again, dataset.x, recipe.y)
