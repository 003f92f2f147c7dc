"""Writes measured figures into the README and docs/speed.md: `python -m benchmarks.report FILE...`.

What stands between `<!-- figures:begin -->` and `<!-- figures:end -->` is replaced, so no figure
there is ever typed. The plots go to docs/images/. With `--elsewhere` the files are from another
machine: their summary goes to docs/speed.md, between markers of its own.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.plots import draw
from benchmarks.results import Results
from benchmarks.tables import every, markdown, summary

BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"
ELSEWHERE = "<!-- elsewhere:begin -->", "<!-- elsewhere:end -->"
ROOT = Path(__file__).parent.parent


def together(runs: list[Results]) -> Results:
    """Return one set of results from runs on the same machine that measured different things.

    >>> a, b = ({"rounds": n, "training": {w: {}}} for n, w in ((5, "B"), (3, "A")))
    >>> together([a, b])["training"]
    {'A': {}, 'B': {}}
    """
    parts = {name: part for run in runs for name, part in run.items()}
    trained = {name: part for run in runs for name, part in run.get("training", {}).items()}
    return {**parts, "runs": runs, "training": dict(sorted(trained.items()))}


def sources(results: Results) -> str:
    """Return a line for each run that the figures come from."""
    return "\n\n".join(source(run) for run in results["runs"])


def source(results: Results) -> str:
    """Return the line that says where a run's figures come from."""
    machine = results["machine"]
    names = {"jaxlib"}
    versions = ", ".join(f"{n} {v}" for n, v in machine["versions"].items() if n not in names)
    quick = " A quick run: for a look only." if results["quick"] else ""
    # Where the file lay says nothing to others.
    command = " ".join(w.rpartition("/")[2] for w in results["command"].split())
    return (
        f"Measured with `{command}` on {machine['date']}: {machine['cpu']}, "
        f"{machine['cores']} cores, Python {machine['python']}, {versions}; medians of "
        f"{results['rounds']} paired rounds, least and most in brackets.{quick}"
    )


def short(results: Results, folder: str) -> str:
    """Return the README's part: the picture, and one line for each workload."""
    picture = f"![time of a training step beside other libraries]({folder}/steps.png)"
    trained = {"runs": [run for run in results["runs"] if run.get("training")]}
    parts = [picture, markdown(summary(results["training"])), sources(trained)]
    return "\n\n".join(parts)


def whole(results: Results, folder: str) -> str:
    """Return the page's part: every table, and the pictures."""
    parts = [sources(results), f"![time of a training step]({folder}/steps.png)"]
    parts += [markdown(table) for table in every(results)]
    if "scaling" in results:
        parts.append(f"![time per sample as networks grow]({folder}/scaling.png)")
    star = "\\* not a library's documented way, shown for comparison and not counted as a peer."
    return "\n\n".join([*parts, star])


def between(text: str, figures: str, where: Path, begin: str = BEGIN, end: str = END) -> str:
    """Return the text with new figures between the markers.

    >>> between(f"a {BEGIN} old {END} b", "new", Path("README.md")).split()
    ['a', '<!--', 'figures:begin', '-->', 'new', '<!--', 'figures:end', '-->', 'b']
    """
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{where} has no {begin} ... {end}")
    return f"{head}{begin}\n{figures}\n{end}{tail}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument(
        "files", type=Path, nargs="+", help="what `python -m benchmarks --json FILE` wrote"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="where README.md and docs/ are")
    parser.add_argument("--elsewhere", action="store_true", help="the files are a second machine's")
    given = parser.parse_args(argv)
    results = together([json.loads(file.read_text()) for file in given.files])
    page = given.root / "docs" / "speed.md"
    if given.elsewhere:
        figures = f"{markdown(summary(results['training']))}\n\n{sources(results)}"
        page.write_text(between(page.read_text(), figures, page, *ELSEWHERE))
        print(f"wrote {page.relative_to(given.root)}")
        return
    images = given.root / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw(results, images)
    pages = {
        given.root / "README.md": short(results, "docs/images"),
        page: whole(results, "images"),
    }
    for path, figures in pages.items():
        path.write_text(between(path.read_text(), figures, path))
        print(f"wrote {path.relative_to(given.root)}")


if __name__ == "__main__":
    main()
