"""`chainrule import FILE.onnx`: another tool's network as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.options import Json


def import_model(
    file: Annotated[Path, typer.Argument(metavar="FILE.onnx", help="An ONNX file.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="By default FILE.safetensors."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What to train on. [what suits the last layer]"),
    ] = None,
    json: Json = False,
) -> None:
    """Read an ONNX FILE as a model that can be explained, checked and trained further."""
    from chainrule.building import LOSSES, named
    from chainrule.cli.nearest import existing, writable
    from chainrule.cli.output import print_json
    from chainrule.interop.onnx.importing import difference, load_onnx

    existing(file, "ONNX file", "*.onnx")
    target = writable(Path(file.name).with_suffix(".safetensors") if output is None else output)
    model = load_onnx(file, None if loss is None else LOSSES[named("loss", loss, LOSSES)]())
    model.save(target)
    compared = difference(model, file)
    rows, worst = (0, None) if compared is None else compared
    if json:
        facts = {"file": file, "path": target, "network": repr(model.network), "rows": rows}
        print_json({**facts, "worst": worst})
        return
    print(model.summary())
    beside = "not compared with onnxruntime"
    if worst is not None:
        beside = f"{rows} made-up rows beside onnxruntime: worst difference {worst:.2g}"
    print(f"{file} -> {target}; {beside}")
