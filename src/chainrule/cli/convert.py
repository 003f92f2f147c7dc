"""`chainrule convert MODEL --to torch|keras`: the network as other frameworks write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.options import Import, Json, ModelFile, PartOf

if TYPE_CHECKING:
    from chainrule.model import Model


def convert(
    model: ModelFile,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="torch|keras", help="Print the network as code for it."),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the weights for that code too: .safetensors or .weights.h5.",
        ),
    ] = None,
    prove: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Run the code beside MODEL on DATA: outputs, loss and gradients.",
        ),
    ] = None,
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Take weights from .safetensors, .pt or .weights.h5 instead, into MODEL's layers.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where the code, or the model, goes."),
    ] = None,
    part: PartOf = None,
    json: Json = False,
    import_: Import = None,
) -> None:
    """Print a MODEL as PyTorch or Keras code, or give it weights from there."""
    from chainrule.cli.models import open_model
    from chainrule.cli.nearest import writable
    from chainrule.cli.output import print_json, say
    from chainrule.errors import ConfigurationError
    from chainrule.interop.frameworks import save_weights, translate
    from chainrule.storage import write_atomically

    if (to is None) == (from_ is None):
        raise ConfigurationError("convert needs either --to torch|keras or --from FILE")
    trained = open_model(model, import_)
    if from_ is not None:
        _take(trained, from_, output, json)
        return
    assert to is not None
    code = translate(trained, to).code
    if output is not None:
        write_atomically(writable(output), code.encode())
    if weights is not None:
        save_weights(trained, writable(weights), to)
        say(f"weights written to {weights}")
    proof = _prove(trained, to, prove, part) if prove is not None else None
    if json:
        print_json({"model": model, "target": to, "code": code, "proof": proof})
        return
    if output is None:
        print(code, end="")
    if proof is not None:
        say(str(proof["text"]))


def _take(model: Model, source: Path, output: Path | None, json: bool) -> None:
    from chainrule.cli.nearest import existing, writable
    from chainrule.cli.output import print_json, table
    from chainrule.errors import ConfigurationError
    from chainrule.interop.frameworks import take_weights

    if output is None:
        raise ConfigurationError("--from needs --output: where the model with those weights goes")
    report = take_weights(model, existing(source, "weights file"))
    model.save(writable(output))
    if json:
        print_json({"weights": source, "output": output, "names": report})
    else:
        print(table([("chainrule", str(source)), *report.items()]))


def _prove(model: Model, target: str, data: str, part: str | None) -> dict[str, object]:
    from dataclasses import asdict

    from chainrule.cli.samples import labelled
    from chainrule.interop.frameworks import prove

    samples = labelled(model, data, None, part)
    proof = prove(model, samples.x, samples.y, target)
    return {**asdict(proof), "text": str(proof)}
