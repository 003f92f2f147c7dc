"""`chainrule data list|fetch|describe`: the named data sets, and what is in one or in a file."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainrule.cli.options import DataName, Json, Target

VERBS = ("list", "fetch", "describe")
app = typer.Typer(help="List, fetch and describe data sets.", rich_markup_mode=None)

# What is known of a set before it is there: training and test samples, one sample's shape, classes.
SETS: dict[str, tuple[int, int, tuple[int, ...], int]] = {
    "mnist": (60_000, 10_000, (28, 28), 10),
    "fashion-mnist": (60_000, 10_000, (28, 28), 10),
}


@app.command("list")
def list_(json: Json = False) -> None:
    """List the named data sets."""
    from chainrule.cli import output

    sets = [_entry(name) for name in _names()]
    if json:
        output.print_json({"sets": sets, "cache": _cache()})
        return
    rows = [("name", "training", "test", "sample", "classes", "here")]
    rows += [
        (
            s["name"],
            f"{s['samples']:,}",
            f"{s['test_samples']:,}",
            "x".join(map(str, s["shape"])),
            str(s["classes"]),
            s["here"],
        )
        for s in sets
    ]
    print(output.table(rows, right=[1, 2, 4]))


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist or fashion-mnist, say.")],
    json: Json = False,
) -> None:
    """Fetch a data set, verify it and keep it; say where it lies."""
    from chainrule.cli.output import print_json
    from chainrule.data import fetch as fetched
    from chainrule.errors import unknown_name

    if name not in _names():
        raise unknown_name("data set", name, _names())
    folder = fetched(name) if name in SETS else None
    if json:
        print_json({"name": name, "folder": folder, "bundled": folder is None})
    else:
        print(folder or f"{name} comes with chainrule")


@app.command("describe")
def describe(data: DataName, target: Target = None, json: Json = False) -> None:
    """Say what is in a data set: samples, shapes, ranges, classes."""
    from chainrule.cli.output import print_json
    from chainrule.cli.samples import known
    from chainrule.data import open_dataset

    facts = open_dataset(known(data), target=target).describe()
    if json:
        print_json(facts)
        return
    for name in ("name", "source", "task"):
        print(f"{name:<10} {facts[name]}")
    if facts["columns"]:
        print(f"{'columns':<10} {_listed(facts['columns'])}")
    for part in ("training", "test"):
        print(f"{part:<10} {_part(facts[part])}")
    counts = facts["training"].get("counts")
    if counts:
        _print_counts(counts, facts["test"] and facts["test"].get("counts"))


def _print_counts(training: dict[str, int], test: dict[str, int] | None) -> None:
    from chainrule.cli.output import table

    most = max(training.values()) or 1
    rows = [("class", "training", "test", "")]
    for name, n in list(training.items())[:30]:
        tested = "" if test is None else f"{test[name]:,}"
        rows.append((name, f"{n:,}", tested, "█" * max(1, round(20 * n / most)) if n else ""))
    print()
    print(table(rows, right=[1, 2]))
    if len(training) > 30:
        print(f"and {len(training) - 30:,} more classes")


def _part(part: dict[str, Any] | None) -> str:
    if part is None:
        return "none"
    sample = "x".join(map(str, part["shape"][1:]))
    text = f"{part['samples']:,} samples of {sample}, {part['dtype']}"
    if part["range"]:
        text += f", {part['range'][0]:g} to {part['range'][1]:g}"
    if "target_range" in part:
        text += f"; targets {part['target_range'][0]:g} to {part['target_range'][1]:g}"
    return text


def _listed(names: list[str]) -> str:
    more = f", … ({len(names)})" if len(names) > 12 else ""
    return ", ".join(names[:12]) + more


def _names() -> tuple[str, ...]:
    from chainrule.data import names

    return names()


def _cache() -> str:
    from chainrule.data import cache_folder

    return str(cache_folder())


def _entry(name: str) -> dict[str, Any]:
    """Return a set's facts; those that have to be fetched are not opened for it."""
    if name in SETS:
        from chainrule.data import cache_folder
        from chainrule.data.readers.idx import find

        folder = cache_folder() / name
        files = find(folder) if folder.is_dir() else {}
        complete = all(len(files.get(part, {})) == 2 for part in ("train", "test"))
        samples, tested, shape, classes = SETS[name]
        here = "cached" if complete else "to be fetched"
    else:
        from chainrule.data import open_dataset

        data = open_dataset(name)
        samples, shape, classes = len(data.x), data.x.shape[1:], len(data.classes or ())
        tested = 0 if data.x_test is None else len(data.x_test)
        here = "bundled" if name == "digits" else "generated"
    return {
        "name": name,
        "samples": samples,
        "test_samples": tested,
        "shape": shape,
        "classes": classes,
        "here": here,
    }
