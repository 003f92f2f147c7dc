"""`chainrule check FILE.py[:Name] | MODEL`: which of your gradients is wrong, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Import, Json

if TYPE_CHECKING:
    from chainrule.checking import Certificate

CODE = ".py"


def check(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py[:NAME]|MODEL|ANSWERS.toml",
            help='Your code ("mine.py", "mine.py:Affine(3)"; the file is run), or a model file.',
            show_default=False,
        ),
    ],
    notation: Annotated[
        str | None,
        typer.Option(
            metavar="rows|columns|transposed",
            help="How samples and weights lie; without it, what fits.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many samples the first batch has.")
    ] = 4,
    seed: Annotated[int, typer.Option(metavar="N", help="Which numbers are drawn.")] = 0,
    loss: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The loss of a MODEL, in place of its own."),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Mark ANSWERS.toml, the worksheet of this name."),
    ] = None,
    json: Json = False,
    import_: Import = None,
) -> int:
    """Hold every gradient against the numeric one. Exit code 1 where one is wrong."""
    from chainrule.cli.output import print_json

    if sheet is not None or source.endswith(".toml"):
        from chainrule.cli.worksheet import check_sheet

        return check_sheet(Path(source), sheet, json)
    certificates = certificates_for(source, notation, samples, seed, loss, import_)
    if json:
        if len(certificates) == 1:
            print_json(certificates[0].to_json())
        else:
            print_json({"certificates": [c.to_json() for c in certificates]})
    else:
        print("\n\n".join(map(str, certificates)))
    code = max(c.exit_code for c in certificates)
    if code and not json:
        print(f" exit code {code}")
    return code


def certificates_for(
    source: str,
    notation: str | None,
    samples: int,
    seed: int,
    loss: str | None,
    import_: list[Path] | None,
) -> list[Certificate]:
    """Return one certificate for a model, or one for each thing that a file has to check.

    Raises ConfigurationError where there is nothing to check.
    """
    from chainrule.checking import check as checked
    from chainrule.checking.files import things_in
    from chainrule.cli.importing import import_file
    from chainrule.errors import ConfigurationError

    file, name = _split(source)
    if not file.endswith(CODE):
        return [checked(_model(Path(source), loss, import_), samples=samples, seed=seed)]
    if loss is not None:
        raise ConfigurationError("--loss belongs to a model: a file's losses are its own")
    things = things_in(import_file(Path(file)), name)
    return [
        checked(thing, notation=notation, samples=samples, seed=seed, title=_title(title, thing))
        for title, thing in things
    ]


def _split(source: str) -> tuple[str, str]:
    """Return "mine.py" and "Affine(3)" of "mine.py:Affine(3)".

    >>> _split("mine.py:Affine(3)"), _split("C:/mine.py")
    (('mine.py', 'Affine(3)'), ('C:/mine.py', ''))
    """
    at = source.rfind(f"{CODE}:")
    if at < 0:
        return source, ""
    return source[: at + len(CODE)], source[at + len(CODE) + 1 :]


def _title(title: str, thing: Any) -> str:
    """Return the title; a class gets one with the sizes that it was made with."""
    return "" if isinstance(thing, type) else title


def _model(path: Path, loss: str | None, import_: list[Path] | None) -> Any:
    from chainrule.cli.models import open_model

    model = open_model(path, import_)
    if loss is None:
        return model
    from chainrule import Model
    from chainrule.description import from_config
    from chainrule.losses import Loss

    chosen = from_config({"type": loss}, Loss)
    assert model.built is not None
    other = Model(model.network, chosen, input_shape=model.built.input_shape, dtype=model.dtype)
    other.set_parameters(model.parameters)
    return other
