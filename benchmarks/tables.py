"""The figures as tables: one description, shown in a terminal or written as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.peers import OURS, PEERS
from benchmarks.results import Figure, Results, Row, base_name, best_peer, figure, rows, slow_share


@dataclass(frozen=True)
class Table:
    """A heading, the names of the columns, the cells, and a line below."""

    title: str
    columns: list[str]
    cells: list[list[str]]
    note: str = ""


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> duration(0.0000123), duration(0.0875), duration(3.21)
    ('12.3 µs', '87.5 ms', '3.21 s')
    """
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            value = seconds * factor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    return f"{seconds:.3g} s"


def spread(ratio: Figure) -> str:
    """Return a ratio with its least and most.

    >>> spread(Figure(2.0, 1.5, 2.25))
    '2.00 (1.50 to 2.25)'
    """
    return f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def training(name: str, part: Results) -> Table:
    """Return a workload's table: time per step, ratio to chainrule, share of the limit."""
    cells = [
        [
            row.title if row.counted else f"{row.title} *",
            duration(row.seconds.median),
            spread(row.ratio),
            "" if row.limit is None else f"{row.limit:.0%}",
            f"{part['losses'][row.name]:.4f}",
            row.note,
        ]
        for row in rows(part)
    ]
    lines = []
    best = best_peer(part)
    if best is not None:
        lines.append(f"fastest other library: {best.title}, {spread(best.ratio)} times the time")
    if part.get("chunks"):
        middle, share = slow_share(part["chunks"])
        lines.append(
            f"chainrule (xla): {duration(middle)} a step in the median chunk; "
            f"{share:.0%} of {len(part['chunks'])} chunks took more than 1.5 times that"
        )
    lines += [f"{n}: {why}" for n, why in part["failed"].items()]
    limit = median(r["sgemm"] for r in part["rounds"]) / 1e9
    return Table(
        f"{name}: {part['title']} ({part['flops'] / 1e6:.1f} Mflop a step, "
        f"sgemm {limit:.0f} Gflop/s)",
        ["library", "a step", f"by {PEERS[base_name(part)].title}", "of sgemm", "loss", "setting"],
        cells,
        "; ".join(lines),
    )


def prediction(part: Results) -> Table:
    """Return the table of predictions, each beside the bare NumPy expression."""
    columns, by_name = ["library"], {}
    for count, rounds in part["rounds"].items():
        few = {"rounds": rounds}
        columns += [f"{int(count):,} row{'s' if count != '1' else ''}", "by bare NumPy"]
        for row in rows(few, base="bare"):
            cells = by_name.setdefault(row.title, [])
            cells += [duration(row.seconds.median), spread(row.ratio)]
    return Table(
        f"Predicting with {part['network']}",
        columns,
        [[title, *cells] for title, cells in by_name.items()],
        "; ".join(f"{n}: {why}" for n, why in part["failed"].items()),
    )


def costs(part: Results) -> Table:
    """Return import times and installed sizes."""
    cells = [
        [name, f"{part['import_seconds'][name]:.2f} s", f"{size / 1e6:,.0f} MB"]
        for name, size in part["installed_bytes"].items()
    ]
    return Table("Before the first step", ["library", "import", "installed"], cells)


def memory(part: Results) -> Table:
    """Return the peak memory of a training."""
    cells = [[PEERS[n].title, f"{b / 1e6:,.0f} MB"] for n, b in part["bytes"].items()]
    note = f"the samples themselves are {part['data_bytes'] / 1e6:,.0f} MB of it"
    return Table("Peak memory of training B", ["library", "resident"], cells, note)


def reached(part: Results) -> Table:
    """Return the seconds to an accuracy on MNIST."""
    cells = []
    for name, runs in part["runs"].items():
        if any(run["seconds"] is None for run in runs):
            cells.append([PEERS[name].title, "not reached", ""])
            continue
        middle = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
        cells.append([PEERS[name].title, f"{middle['seconds']:.2f} s", str(middle["epochs"])])
    note = "training with compilation, nothing kept from earlier runs; loading the data left out"
    failed = "; ".join(f"{n}: {why}" for n, why in part["failed"].items())
    title = f"MNIST to {part['accuracy']:.1%} of the test images, {part['title']}"
    return Table(title, ["library", "seconds", "epochs"], cells, failed or note)


def scaling(axis: str, points: list[dict[str, Any]]) -> Table:
    """Return microseconds per sample along an axis."""
    names = list(points[0]["seconds"])
    cells = [
        [str(p["value"]), p["title"], *(duration(median(p["seconds"][n])) for n in names)]
        for p in points
    ]
    titles = [PEERS[n].title for n in names]
    return Table(f"Time per sample by {axis}", [axis, "network", *titles], cells)


def settings(engine: str, measured: list[dict[str, Any]]) -> Table:
    """Return how an engine's settings compare: time per step, and by that of its defaults."""
    here = [m for m in measured if m["engine"] == engine]
    names = list(here[0]["seconds"]) if here else []
    cells = []
    for name in names:
        row = [name]
        for m in here:
            pairs = zip(m["seconds"][name], m["seconds"][names[0]], strict=True)
            ratio = figure([a / b for a, b in pairs])
            row += [f"{duration(median(m['seconds'][name]))}, {spread(ratio)}"]
        cells.append(row)
    title = f"{PEERS[engine].title} under other settings: a step, and by the defaults' time"
    return Table(title, ["setting", *(m["workload"] for m in here)], cells)


def summary(parts: dict[str, Results]) -> Table:
    """Return one line for each workload: chainrule, and the best of the others."""
    cells = []
    for name, part in parts.items():
        made: dict[str, Row] = {row.name: row for row in rows(part)}
        best = best_peer(part)
        ours = made.get(OURS[0]) or made.get(OURS[1])
        if ours is None:
            continue
        torch = made.get("torch")
        cells.append(
            [
                f"{name}: {part['title']}",
                duration(ours.seconds.median),
                "" if best is None else f"{best.title}, {duration(best.seconds.median)}",
                "" if best is None else spread(best.ratio),
                "" if torch is None else spread(torch.ratio),
                "" if ours.limit is None else f"{ours.limit:.0%}",
            ]
        )
    return Table(
        "Time per training step",
        [
            *("workload", "chainrule", "fastest other library"),
            *("its time by ours", "PyTorch's by ours", "ours, of sgemm"),
        ],
        cells,
    )


def every(results: Results) -> list[Table]:
    """Return all tables of a run, the summary first."""
    tables = []
    if results.get("training"):
        tables.append(summary(results["training"]))
        tables += [training(name, part) for name, part in results["training"].items()]
    if "prediction" in results:
        tables.append(prediction(results["prediction"]))
    if "costs" in results:
        tables.append(costs(results["costs"]))
    if "memory" in results:
        tables.append(memory(results["memory"]))
    if "mnist" in results:
        tables.append(reached(results["mnist"]))
    if "scaling" in results:
        axes = {a: p for a, p in results["scaling"].items() if a != "failed"}
        tables += [scaling(axis, points) for axis, points in axes.items()]
    if "threads" in results:
        tables += [settings(engine, results["threads"]) for engine in OURS]
    return [table for table in tables if table.cells]


def show(tables: list[Table]) -> None:
    """Print tables to stdout."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as RichTable

    console = Console()
    console = console if console.is_terminal else Console(width=140)
    for table in tables:
        drawn = RichTable(
            title=escape(table.title), title_justify="left", caption=escape(table.note) or None
        )
        drawn.caption_justify = "left"
        for i, column in enumerate(table.columns):
            drawn.add_column(column, justify="right" if 0 < i < 5 else "left")
        for cells in table.cells:
            drawn.add_row(*map(escape, cells))
        console.print(drawn)
        console.print()


def markdown(table: Table) -> str:
    """Return a table in Markdown.

    >>> print(markdown(Table("Sizes", ["a", "b"], [["1", "2"]], "small")))
    **Sizes**
    <BLANKLINE>
    | a | b |
    | --- | --- |
    | 1 | 2 |
    <BLANKLINE>
    small
    """
    lines = [f"**{table.title}**", "", "| " + " | ".join(table.columns) + " |"]
    lines.append("|" + " --- |" * len(table.columns))
    lines += ["| " + " | ".join(cells) + " |" for cells in table.cells]
    return "\n".join([*lines, *(["", table.note] if table.note else [])])
