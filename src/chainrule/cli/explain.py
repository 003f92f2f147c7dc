"""`chainrule explain [MODEL DATA | BOARD.toml]`: the maths of one pass, forward and backward."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.options import Import, PartOf, Target

if TYPE_CHECKING:
    from chainrule.model import Model

FORMATS = "text|html|markdown|latex|json"


def explain(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL|BOARD.toml]",
            help="A model file, or a network as on a board. Nothing: the built-in 2-2-1 network.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="[DATA]", help="A data set's name or a file, for a MODEL.", show_default=False
        ),
    ] = None,
    sample: Annotated[int | None, typer.Option(metavar="N", help="Which sample, from 0.")] = None,
    batch: Annotated[int, typer.Option(metavar="N", help="As many samples, from --sample on.")] = 1,
    form: Annotated[
        str, typer.Option(metavar="matrix|chain|index|derive", help="How it is told.")
    ] = "matrix",
    focus: Annotated[
        str | None,
        typer.Option(metavar='"W1[2,1]"', help="One value or entry of it, as the board counts."),
    ] = None,
    notation: Annotated[
        str | None,
        typer.Option(metavar="rows|columns|transposed", help="How samples and weights lie."),
    ] = None,
    board: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.toml", help="In whose letters; see docs/explain.md."),
    ] = None,
    format: Annotated[
        str | None, typer.Option("--format", metavar=FORMATS, help="What is printed or written.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it; .html says how."),
    ] = None,
    blank: Annotated[
        bool, typer.Option("--blank", help="A worksheet: the same page with blanks, own numbers.")
    ] = False,
    seed: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose worksheet; another name draws other numbers."),
    ] = None,
    key: Annotated[bool, typer.Option("--key", help="The worksheet's answer key.")] = False,
    answers: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Write the worksheet's file of answers to fill in."),
    ] = None,
    target: Target = None,
    part: PartOf = None,
    import_: Import = None,
) -> None:
    """Show every step of feed, forward, error, backpropagate and update, with its numbers."""
    from chainrule.explaining.explain import explain as explained
    from chainrule.explaining.formats import format_of

    if blank or key or answers or seed is not None:
        from chainrule.cli.worksheet import network_of, write_worksheet

        if form != "matrix" or focus is not None or sample is not None:
            raise typer.BadParameter("a worksheet takes no --form, --focus or --sample")
        model, own = network_of(source, import_)
        chosen = own if board is None and notation is None else the_board(board)
        page = write_worksheet(model, seed, chosen, notation, batch, key, answers)
        if page is None:
            return
    else:
        model, x, y, own, said = the_pass(source, data, sample, batch, target, part, import_)
        chosen = own if board is None and notation is None else the_board(board)
        page = explained(
            model, x, y, board=chosen, notation=notation, form=form, focus=focus, sample=said
        )
    if format is None:
        format = "text" if output is None else format_of(output)
    text = page.as_format(format)
    if output is None:
        print(text, end="" if text.endswith("\n") else "\n")
        return
    output.write_text(text, encoding="utf-8")
    from chainrule.cli.output import say

    say(f"{output}: {len(text.encode()):,} bytes, {format}")


def the_pass(
    source: Path | None,
    data: str | None,
    sample: int | None,
    batch: int,
    target: str | None,
    part: str | None,
    imports: list[Path] | None,
) -> tuple[Model, Any, Any, Any, str]:
    """Return model, samples, targets, the board they stand on, and what is said of the samples."""
    from chainrule.cli.models import open_model
    from chainrule.cli.nearest import existing
    from chainrule.cli.samples import labelled
    from chainrule.errors import ConfigurationError
    from chainrule.explaining.board_file import BUILT_IN, drawn, read_board

    if batch < 1:
        raise ConfigurationError(f"--batch must be 1 or more, got {batch}")
    if source is None or source.suffix == ".toml":
        if data is not None:
            raise ConfigurationError(f"{source} brings its own sample: leave out {data}")
        if source is None:
            model, x, y, board = drawn(BUILT_IN)
        else:
            model, x, y, board = read_board(existing(source, "board file", "*.toml"))
        first, last = chosen(sample, batch if sample is not None else len(x), len(x))
        return model, x[first:last], y[first:last], board, said(first, last, len(x))
    model = open_model(source, imports)
    if data is None:
        data = model.configuration.get("data")
        if data is None:
            raise ConfigurationError(f"explain {source} needs DATA: a name or a file")
    there = labelled(model, data, target, part)
    first, last = chosen(sample, batch, len(there.x))
    what = f"{said(first, last, len(there.x))} of {data}"
    return model, there.x[first:last], there.y[first:last], "rows", what


def chosen(sample: int | None, batch: int, count: int) -> tuple[int, int]:
    """Return the first sample and the one after the last; raise for one that is not there."""
    from chainrule.errors import ConfigurationError

    first = sample or 0
    if not 0 <= first < count:
        raise ConfigurationError(f"--sample must be from 0 to {count - 1:,}, got {first}")
    if first + batch > count:
        raise ConfigurationError(
            f"--batch {batch} from sample {first} on goes past the last, {count - 1:,}"
        )
    return first, first + batch


def said(first: int, last: int, count: int) -> str:
    """Return what stands at the top of the page.

    >>> said(3, 4, 100), said(0, 4, 4)
    ('sample 4 of 100', 'samples 1 to 4 of 4')
    """
    if last == first + 1:
        return f"sample {last:,} of {count:,}"
    return f"samples {first + 1:,} to {last:,} of {count:,}"


def the_board(board: str | None) -> Any:
    """Return a preset's name, or the board that a TOML file describes."""
    if board is None or not board.endswith(".toml"):
        return board or "rows"
    import tomllib

    from chainrule.cli.nearest import existing
    from chainrule.errors import DataError
    from chainrule.explaining.board import board_from_data

    path = existing(Path(board), "board file", "*.toml")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: no TOML: {error}") from None
    return board_from_data(table.get("board", table))
