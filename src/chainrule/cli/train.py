"""`chainrule train DATA`: train a network, say how good it is, and keep it."""

from __future__ import annotations

import re
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from chainrule.cli.options import Import, Json, Target

if TYPE_CHECKING:
    pass

# every setting may be left open
Text: TypeAlias = str | None
Whole: TypeAlias = int | None
Number: TypeAlias = float | None


def train(
    data: Annotated[
        Text, typer.Argument(metavar="DATA", help="A name, a file or a folder.")
    ] = None,
    layers: Annotated[
        Text,
        typer.Option(
            metavar="SIZES",
            help='Hidden layers, "128,64" or "none". [128; for a table by its rows]',
        ),
    ] = None,
    activation: Annotated[
        Text,
        typer.Option(
            metavar="NAME",
            help="relu, sigmoid, tanh, leaky-relu, identity, or FILE.py:Name. [relu]",
        ),
    ] = None,
    output_activation: Annotated[
        Text,
        typer.Option(
            metavar="NAME", help="An activation or softmax at the end. [what the loss needs]"
        ),
    ] = None,
    loss: Annotated[
        Text,
        typer.Option(
            metavar="NAME",
            help="softmax-cross-entropy, cross-entropy, sigmoid-"
            "cross-entropy, binary-cross-entropy, squared-error, or FILE.py:Name. [by the task]",
        ),
    ] = None,
    optimizer: Annotated[
        Text,
        typer.Option(
            metavar="NAME",
            help="adam, adamw, sgd, rmsprop, or FILE.py:Name. [adam; for a table averaged adamw]",
        ),
    ] = None,
    learning_rate: Annotated[
        Number, typer.Option(metavar="NUMBER", help="Step size. [the optimizer's]")
    ] = None,
    epochs: Annotated[
        Whole,
        typer.Option(
            metavar="N",
            help="Passes over the data. [10; more for small sets; a table ends by patience]",
        ),
    ] = None,
    batch_size: Annotated[
        Text,
        typer.Option(
            metavar="N", help='Samples of an update, or "all". [128; 32 below 10,000 samples]'
        ),
    ] = None,
    validation: Annotated[
        Text,
        typer.Option(
            metavar="SHARE|FILE", help="Watched after every epoch. [none; of a table 0.1]"
        ),
    ] = None,
    test: Annotated[
        Text, typer.Option(metavar="SHARE|FILE", help="Kept for the end. [the set's own, else 0.2]")
    ] = None,
    target: Target = None,
    seed: Annotated[Whole, typer.Option(metavar="N", help="For all that is random. [0]")] = None,
    engine: Annotated[Text, typer.Option(metavar="NAME", help="auto, numpy, xla. [auto]")] = None,
    output: Annotated[
        Text, typer.Option(metavar="FILE", help="The model file. [DATA.safetensors]")
    ] = None,
    patience: Annotated[
        Whole,
        typer.Option(
            metavar="N",
            help="Stop after N epochs without a better loss. [never; of a table a tenth of all]",
        ),
    ] = None,
    columns: Annotated[
        Text,
        typer.Option(
            metavar="NAME=KIND,...",
            help="Of a table: number, category, boolean, date[:FORMAT], ignore. [as found]",
        ),
    ] = None,
    class_weight: Annotated[
        Text,
        typer.Option(metavar="auto|balanced|none", help="Of a table's classes. [auto]"),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Save the training there, every epoch and minute."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest checkpoint, bit by bit.")
    ] = False,
    keep: Annotated[
        int, typer.Option(metavar="N", min=1, help="Keep the N newest checkpoints, and the best.")
    ] = 2,
    max_seconds: Annotated[
        Number, typer.Option(metavar="N", help="End the training after N seconds. [never]")
    ] = None,
    max_memory: Annotated[
        Text, typer.Option(metavar="SIZE", help='Refuse to need more: "500M", "2G". [no limit]')
    ] = None,
    comm: Annotated[
        Text, typer.Option(metavar="NAME", help="Join processes by mpi or jax. [mpi, if launched]")
    ] = None,
    threads: Annotated[
        Whole, typer.Option(metavar="N", min=1, help="Of the computation. [all that it may use]")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="The same settings; the command line wins."),
    ] = None,
    show: Annotated[
        int, typer.Option(metavar="N", min=0, help="Show N test samples with the answers.")
    ] = 0,
    json: Json = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show the network; a line for each epoch.")
    ] = False,
    import_: Import = None,
) -> None:
    """Train a network on DATA, test it, keep it."""
    from chainrule.cli import settings as asked
    from chainrule.cli.headline import headline, remarks
    from chainrule.cli.importing import import_all
    from chainrule.cli.nearest import writable
    from chainrule.cli.output import print_json, say
    from chainrule.cli.recipe import prepare
    from chainrule.cli.samples import open_for_training
    from chainrule.cli.saving import callbacks, saving
    from chainrule.cli.tables import hinted, is_table, train_table
    from chainrule.cli.together import joined
    from chainrule.errors import ConfigurationError
    from chainrule.machine import set_threads
    from chainrule.network import Network
    from chainrule.scale.heartbeat import asked_for
    from chainrule.training import Budget
    from chainrule.training.callbacks.budget import needed

    if threads is not None:
        set_threads(threads)
    import_all(import_)
    wanted = asked.Settings(
        data, layers, activation, output_activation, loss, optimizer, learning_rate, epochs,
        batch_size, validation, test, target, seed, engine, output, patience, columns, class_weight,
    )  # fmt: skip
    if config is not None:
        wanted = wanted.over(asked.read(config))
    path = writable(Path(wanted.output or f"{Path(wanted.data or '').stem}.safetensors"))
    together = joined(comm)
    if is_table(wanted.data):
        if together is not None:
            raise ConfigurationError("tables are trained by one process: leave out the launcher")
        bounds = Budget(max_seconds, asked.size(max_memory))
        watching = [*saving(checkpoint, resume, keep, watched=True), bounds]
        model = train_table(wanted, path, watching, quiet, verbose, json).model
        if (model.history.stopped or "").startswith("interrupted"):
            raise typer.Exit(130)
        return
    if wanted.columns is not None or wanted.class_weight is not None:
        raise ConfigurationError(
            f"--columns and --class-weight are for tables of named columns, which {wanted.data} "
            f'is not, or polars is missing: pip install "chainrule[tables]"'
        )
    with hinted(wanted.data):
        dataset, wanted = open_for_training(wanted)
    recipe = prepare(wanted, dataset, path)
    model = recipe.model
    bounds = Budget(max_seconds, asked.size(max_memory))
    network = Network(model.trained_layer, dataset.x.shape[1:])  # its sizes; no array is made yet
    batch = min(recipe.batch_size or len(dataset.x), len(dataset.x))
    bounds.check(needed(network, model.optimizer, model.dtype, batch, held=2))
    model.build(dataset.x.shape[1:])
    leader = together is None or together.rank == 0
    quiet = quiet or not leader
    if not quiet:
        say(headline(dataset, recipe))
        remarks(dataset)
    if verbose:
        say(model.summary())
    from chainrule.receipt import receipt

    started = perf_counter()
    ending = 0
    try:
        model.fit(
            dataset.x,
            recipe.y,
            recipe.epochs,
            recipe.batch_size,
            validation_split=recipe.validation_split,
            validation_data=recipe.validation_data,
            verbose=0 if quiet else 2 if verbose else "auto",
            engine=wanted.engine or "auto",
            comm=together,
            callbacks=[
                *asked_for(),
                *callbacks(wanted.patience, recipe, checkpoint, resume, keep),
                bounds,
            ],
        )
    except SystemExit as end:  # SIGTERM or SIGHUP: what was learnt is saved first
        ending = int(end.code or 0)
    history = model.history
    seconds = perf_counter() - started
    ran = re.split("[ :;]", history.engine)[0]
    if model.configuration["engine"] == "auto":
        model.configuration["engine"] = ran  # so that the same settings give the same bits
    if not leader:
        return  # the first process tells and keeps what all have learnt
    model.receipt = receipt(model, dataset.x, recipe.y)
    model.save(path)
    scores = {}
    if dataset.x_test is not None:
        scores = model.evaluate(dataset.x_test, recipe.y_test)
    assert model.built is not None
    result: dict[str, Any] = {
        "data": dataset.name,
        "test_accuracy": scores.get("accuracy"),
        "test_loss": scores.get("loss"),
        "train_seconds": round(seconds, 3),
        "engine": ran,
        "engine_reason": history.engine,
        "parameters": model.built.count,
        "epochs": history.epochs,
        "stopped": history.stopped,
        "output": str(path),
        "history": history.curves,
        "configuration": model.configuration,
    }
    if json:
        print_json(result)
    else:
        _print_result(result, scores)
    if show:
        from chainrule.cli.showing import show_answers

        show_answers(model, dataset, recipe.y, recipe.y_test, show, to_stderr=json)
    if history.stopped and history.stopped.startswith("interrupted"):
        raise typer.Exit(130)
    if ending:
        raise typer.Exit(ending)


def _print_result(result: dict[str, Any], scores: dict[str, float]) -> None:
    from chainrule.cli import output

    if scores:
        print(f"test {output.scores(scores)}")
    engine = result["engine"]
    s = "" if result["epochs"] == 1 else "s"
    print(f"{result['epochs']} epoch{s} in {result['train_seconds']:.1f} s on {engine}", end="; ")
    print(f"written to {result['output']}")
