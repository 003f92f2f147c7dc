"""`chainrule export MODEL --to python|c|onnx`: the network as a file for others to run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.options import Import, Json, ModelFile, PartOf

if TYPE_CHECKING:
    from chainrule.interop.onnx.exporting import Export
    from chainrule.interop.standalone.export import Exported
    from chainrule.model import Model
    from chainrule.namespace import Array

ENDINGS = {"python": ".py", "c": ".h", "onnx": ".onnx"}


def export(
    model: ModelFile,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="|".join(ENDINGS), help="By default what --output ends in."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="By default MODEL's name."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="Compare on these samples; by default those that MODEL was tested on.",
        ),
    ] = None,
    part: PartOf = None,
    opset: Annotated[
        int, typer.Option(metavar="NUMBER", help="Version of ONNX's operators, 13 to 23.")
    ] = 20,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Write a MODEL as a file that needs no chainrule, and compare the two on real samples."""
    from chainrule.cli.models import open_model
    from chainrule.cli.nearest import writable
    from chainrule.cli.output import print_json
    from chainrule.errors import ConfigurationError, unknown_name
    from chainrule.interop.standalone.export import export_standalone

    if to is not None and to not in ENDINGS:
        raise unknown_name("target", to, ENDINGS)
    if to is None and output is None:
        raise ConfigurationError(f"export needs --to {'|'.join(ENDINGS)}, or --output")
    if output is None:
        assert to is not None
        output = Path(model.name).with_suffix(ENDINGS[to])
    trained = open_model(model, import_)
    rows = _rows(trained, data, part)
    if to == "onnx" or (to is None and output.suffix == ENDINGS["onnx"]):
        from chainrule.interop.onnx.exporting import export_onnx

        report: Export | Exported = export_onnx(trained, writable(output), rows, opset)
    else:
        report = export_standalone(trained, writable(output), rows, to)
    if json:
        print_json({"model": model, "data": data, **asdict(report)})
    else:
        print(report)


def _rows(model: Model, data: str | None, part: str | None) -> Array | None:
    """Return the samples to compare on; None where there are none at hand."""
    from chainrule.cli.output import say
    from chainrule.cli.samples import labelled, unlabelled
    from chainrule.errors import DataError

    if data is not None:
        return unlabelled(model, data, None, part)
    known = model.configuration.get("data")
    if known is None:
        return None
    try:
        return labelled(model, str(known), None, part).x
    except (DataError, OSError) as error:
        say(f"compared on made-up samples, as there are no others: {error}")
        return None
