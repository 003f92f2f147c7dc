"""Writes what `python -m benchmarks.breadth --json FILE` measured into docs/speed.md."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.breadth.__main__ import tables
from benchmarks.report import ROOT, between, source
from benchmarks.tables import markdown

BEGIN, END = "<!-- breadth:begin -->", "<!-- breadth:end -->"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.breadth.report", description=__doc__
    )
    parser.add_argument("files", type=Path, nargs="+", help="times, memory: each a FILE of its own")
    parser.add_argument("--root", type=Path, default=ROOT, help="where docs/ is")
    given = parser.parse_args(argv)
    parts = []
    for path in given.files:
        results = json.loads(path.read_text())
        measured = source(results)
        if "memory" in results:  # there are no rounds in it
            measured = measured.partition("; medians")[0] + "."
        parts += [measured, *(markdown(table) for table in tables(results))]
    page = given.root / "docs" / "speed.md"
    page.write_text(between(page.read_text(), "\n\n".join(parts), page, BEGIN, END))
    print(f"wrote {page.relative_to(given.root)}")


if __name__ == "__main__":
    main()
