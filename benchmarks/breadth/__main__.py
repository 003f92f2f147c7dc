"""The benchmark of breadth: images, texts and residual blocks, paired with other libraries.

python -m benchmarks.breadth                    each network in rounds; tables on stdout
python -m benchmarks.breadth --networks text,residual --peers torch --rounds 9
python -m benchmarks.breadth --memory           peak memory of the CNN by batch size, instead
python -m benchmarks.breadth --json             the results as JSON on stdout, or in a FILE
python -m benchmarks.breadth.report FILE ...    what JSON files say, written into docs/speed.md
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import machine, rounds
from benchmarks.__main__ import chosen, parsed, say
from benchmarks.breadth import memory
from benchmarks.breadth.networks import NETWORKS
from benchmarks.peers import PEERS
from benchmarks.tables import Table, show, summary, training

KNOWN = ("xla", "numpy", "torch", "torch-compile", "keras", "flax")
USUAL = "xla,torch,keras,flax"


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the checked arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.breadth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--networks", help=f"of {','.join(NETWORKS)}; default all")
    parser.add_argument("--peers", default=USUAL, help=f"of {','.join(KNOWN)}; default {USUAL}")
    parser.add_argument("--quick", action="store_true", help="few samples, 2 rounds")
    parser.add_argument("--memory", action="store_true", help="peak memory of the CNN, no times")
    given = parsed(parser, argv)
    given.networks = chosen(given.networks, NETWORKS, "network", parser)
    given.peers = chosen(given.peers, KNOWN, "peer", parser)
    return given


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Run what was asked for."""
    missing = {n: why for n in given.peers if (why := PEERS[n].missing())}
    for name, why in missing.items():
        say(f"{name}: {why}")
    names = [n for n in given.peers if n not in missing]
    results: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.breadth", *sys.argv[1:]]),
        "machine": machine.describe(),
        "rounds": given.rounds,
        "quick": given.quick,
        "missing": missing,
    }
    if given.memory:
        results["memory"] = memory.measure(names, given.quick, say)
        return results
    results["training"] = {}
    for name in given.networks:
        work = NETWORKS[name].shrunk() if given.quick else NETWORKS[name]
        results["training"][name] = rounds.train(work, names, given.rounds, say)
    return results


def tables(results: dict[str, Any]) -> list[Table]:
    """Return the summary, and a table for each network or for the memory."""
    if "memory" in results:
        return [memory.table(results["memory"])]
    parts = results["training"]
    return [summary(parts), *(training(name, part) for name, part in parts.items())]


def main(argv: list[str] | None = None) -> None:
    given = arguments(argv)
    results = measure(given)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    if given.json == "-":
        print(text)
        return
    show(tables(results))
    if given.json:
        Path(given.json).write_text(text + "\n")


if __name__ == "__main__":
    main()
