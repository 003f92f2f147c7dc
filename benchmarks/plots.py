"""The figures as pictures: time per step beside chainrule's, and time per sample as sizes grow."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers import OURS, PEERS
from benchmarks.results import Results, rows

COLOURS = {
    "xla": "#c2410c",
    "numpy": "#f59e0b",
    "torch": "#1d4ed8",
    "torch-compile": "#60a5fa",
    "keras": "#7e22ce",
    "flax": "#15803d",
    "equinox": "#4ade80",
    "sklearn": "#6b7280",
}
INK, PALE = "#1f2937", "#d1d5db"


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw what there is; return the files."""
    import matplotlib as mpl

    mpl.use("Agg")
    made = []
    if results.get("training"):
        made.append(bars(results, folder / "steps.png"))
    if "scaling" in results:
        made.append(curves(results["scaling"], folder / "scaling.png"))
    return made


def tidy(axes: Any) -> None:
    """Take away what carries no number."""
    axes.spines[["top", "right"]].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(PALE)
    axes.tick_params(colors=INK, length=0, labelsize=8, which="both")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)


def bars(results: Results, path: Path) -> Path:
    """Draw every library's time per step by chainrule's, with least and most."""
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, NullLocator

    parts = results["training"]
    made = {name: {r.name: r for r in rows(part)} for name, part in parts.items()}
    names = [n for n in PEERS if n in COLOURS and any(n in table for table in made.values())]
    figure, axes = plt.subplots(figsize=(10, 4.8), dpi=160, layout="constrained")
    width = 0.84 / len(names)
    for i, name in enumerate(names):
        places, heights, below, above = [], [], [], []
        for k, table in enumerate(made.values()):
            if name in table:
                ratio = table[name].ratio
                places.append(k + (i - (len(names) - 1) / 2) * width)
                heights.append(ratio.median)
                below.append(ratio.median - ratio.low)
                above.append(ratio.high - ratio.median)
        axes.bar(places, heights, width * 0.92, color=COLOURS[name], label=PEERS[name].title)
        if name != OURS[0]:
            axes.errorbar(
                places, heights, [below, above], fmt="none", ecolor=INK, elinewidth=0.7, alpha=0.7
            )
        for x, y, up in zip(places, heights, above, strict=True):
            axes.annotate(
                f"{y:.1f}" if y < 9.95 else f"{y:.0f}",
                (x, y + up),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=6.5,
                color=INK,
            )
    axes.axhline(1, color=COLOURS["xla"], linewidth=1)
    axes.set_yscale("log")
    ticks = [0.5, 1, 2, 5, 10, 20, 50]
    shown = [r.ratio for table in made.values() for n, r in table.items() if n in names]
    low, high = min(r.low for r in shown), max(r.high for r in shown)
    axes.set_ylim(min(0.7, 0.85 * low), 1.35 * high)
    axes.set_yticks([t for t in ticks if 0.85 * low <= t <= 1.35 * high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}x"))
    axes.yaxis.set_minor_locator(NullLocator())
    labels = [f"{name}\n{p['title'].replace(', ', chr(10), 1)}" for name, p in parts.items()]
    axes.set_xticks(range(len(parts)), labels)
    tidy(axes)
    machine = results["machine"]
    axes.set_title(
        f"Time of a training step, chainrule (xla) = 1; less is better\n"
        f"{machine['cpu']}, {machine['cores']} cores, {machine['date']}, "
        f"medians of {results['rounds']} paired rounds, least and most",
        loc="left",
        fontsize=9,
        color=INK,
    )
    figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    figure.savefig(path)
    plt.close(figure)
    return path


def curves(scaling: Results, path: Path) -> Path:
    """Draw time per sample along width, depth and batch size."""
    from matplotlib import pyplot as plt
    from matplotlib.ticker import LogLocator

    axes_names = [a for a in scaling if a != "failed"]
    figure, panels = plt.subplots(
        1, len(axes_names), figsize=(10, 3.4), dpi=160, layout="constrained", squeeze=False
    )
    texts = {"width": "units per hidden layer", "depth": "hidden layers", "batch": "batch size"}
    for axes, axis in zip(panels[0], axes_names, strict=True):
        points = scaling[axis]
        for name in points[0]["seconds"]:
            here = [(p["value"], p["seconds"][name]) for p in points if p["seconds"][name]]
            axes.plot(
                [value for value, _ in here],
                [median(s) * 1e6 for _, s in here],
                marker="o",
                markersize=3.5,
                color=COLOURS[name],
                label=PEERS[name].title,
            )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        values = [p["value"] for p in points]
        axes.set_xticks(values, [str(v) for v in values])
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda v, _: f"{v:g}")
        axes.minorticks_off()
        axes.set_xlabel(texts[axis], fontsize=8, color=INK)
        tidy(axes)
    panels[0][0].set_ylabel("µs per sample", fontsize=8, color=INK)
    panels[0][0].legend(frameon=False, fontsize=8)
    figure.savefig(path)
    plt.close(figure)
    return path
