"""The verbs under one roof, and how everything that goes wrong becomes one line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

import chainrule
from chainrule.cli import data
from chainrule.cli.check import check
from chainrule.cli.convert import convert
from chainrule.cli.doctor import doctor
from chainrule.cli.evaluate import evaluate
from chainrule.cli.explain import explain
from chainrule.cli.export import export
from chainrule.cli.import_model import import_model
from chainrule.cli.inspect import inspect
from chainrule.cli.launch import launch
from chainrule.cli.plot import plot
from chainrule.cli.predict import predict
from chainrule.cli.reproduce import reproduce
from chainrule.cli.train import train
from chainrule.errors import ChainruleError, unknown_name

EXIT_FAILED, EXIT_WRONG_USE, EXIT_INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="chainrule",
    add_completion=False,
    rich_markup_mode=None,  # plain help: loading rich's takes longer than everything else
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
VERBS = (
    "train", "evaluate", "predict", "explain", "check", "doctor", "inspect", "reproduce", "plot",
    "export", "convert", "import", "launch", "data",
)  # fmt: skip
app.command("train")(train)
app.command("evaluate")(evaluate)
app.command("predict")(predict)
app.command("explain")(explain)
app.command("check")(check)
app.command("doctor")(doctor)
app.command("inspect")(inspect)
app.command("reproduce")(reproduce)
app.command("plot")(plot)
app.command("export")(export)
app.command("convert")(convert)
app.command("import")(import_model)
app.command("launch", context_settings={"allow_interspersed_args": False})(launch)
app.add_typer(data.app, name="data")

# typer brings its own copy of click from 0.26 on; these are the right classes for either
UsageError, ClickException = typer.BadParameter.__mro__[1:3]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"chainrule {chainrule.__version__}")
        raise typer.Exit


@app.callback()
def chainrule_(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks; may stand after a verb as well.")
    ] = False,
) -> None:
    """Train a neural network whose source is the derivation, and ask it."""


def run(arguments: list[str]) -> int:
    """Run one command; return its exit code, having said in one line what went wrong."""
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        _check_verb(arguments)
        code = app(args=arguments or ["--help"], prog_name="chainrule", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:  # the reader, `head` say, has seen enough; click exits with 1 as well
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except (KeyboardInterrupt, typer.Abort):
        return _said("interrupted", EXIT_INTERRUPTED)
    except Exception as error:
        if debug:
            raise
        if isinstance(error, ClickException):
            message = error.format_message()  # type: ignore[attr-defined]
            return _said(f"{message} (see {_help_for(arguments)})", EXIT_WRONG_USE)
        if isinstance(error, ChainruleError):
            diverged = isinstance(error, ArithmeticError)
            return _said(str(error), EXIT_FAILED if diverged else EXIT_WRONG_USE)
        if isinstance(error, OSError):
            place = f"{error.filename}: " if error.filename else ""
            return _said(f"{place}{error.strerror or error}", EXIT_WRONG_USE)
        return _said(
            f"a fault of chainrule: {type(error).__name__}: {error} (--debug shows where)",
            EXIT_FAILED,
        )


def _said(message: str, code: int) -> int:
    print(f"chainrule: {' '.join(message.split())}", file=sys.stderr)
    return code


def _help_for(arguments: list[str]) -> str:
    verb = arguments[0] if arguments and arguments[0] in VERBS else ""
    return f"chainrule {verb} --help".replace("  ", " ")


def _check_verb(arguments: list[str]) -> None:
    """Name the nearest verb for one that is not known."""
    if arguments and not arguments[0].startswith("-") and arguments[0] not in VERBS:
        raise unknown_name("command", arguments[0], VERBS)
    within = arguments[1] if arguments[:1] == ["data"] and len(arguments) > 1 else "-"
    if not within.startswith("-") and within not in data.VERBS:
        raise unknown_name("command", f"data {within}", [f"data {verb}" for verb in data.VERBS])
