"""The benchmark: chainrule and every installed peer on the same work, in alternation.

python -m benchmarks                          everything; tables on stdout, progress on stderr
python -m benchmarks --quick                  a look, in a few minutes
python -m benchmarks --workloads A,B --peers torch,keras --rounds 9
python -m benchmarks --json                   the results as JSON on stdout
python -m benchmarks --json results.json      ... or in a file
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import costs, machine, rounds, scaling, threads
from benchmarks.peers import OURS, PEERS
from benchmarks.tables import every, show
from benchmarks.workloads import WORKLOADS

PARTS = ("training", "prediction", "costs", "memory", "mnist", "scaling", "threads")
MNIST_PEERS = ("xla", "numpy", "torch", "keras")


def chosen(text: str | None, known: Any, what: str, parser: argparse.ArgumentParser) -> list[str]:
    """Return names from a list with commas; all of them when none are given."""
    names = list(known) if text is None else [n.strip() for n in text.split(",") if n.strip()]
    for name in names:
        if name not in known:
            parser.error(f"unknown {what} {name!r}: one of {', '.join(known)}")
    return names


def parsed(parser: argparse.ArgumentParser, argv: list[str] | None) -> argparse.Namespace:
    """Return the arguments, with those that all measurements in rounds have."""
    parser.add_argument("--rounds", type=int, help="default 7, or 2 with --quick")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE", help="- or none: stdout")
    given = parser.parse_args(argv)
    if given.rounds is None:
        given.rounds = 2 if given.quick else 7
    if given.rounds < 1:
        parser.error("--rounds must be at least 1")
    return given


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """Return the checked arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--workloads", help=f"of {','.join(WORKLOADS)}; default all")
    parser.add_argument("--peers", help=f"of {','.join(PEERS)}; ours are always there")
    parser.add_argument("--parts", help=f"of {','.join(PARTS)}; default all")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, 2 rounds")
    parser.add_argument("--output-dir", type=Path, metavar="DIR", help="results.json and plots")
    given = parsed(parser, argv)
    given.workloads = chosen(given.workloads, WORKLOADS, "workload", parser)
    given.parts = chosen(given.parts, PARTS, "part", parser)
    wanted = chosen(given.peers, PEERS, "peer", parser)
    given.peers = list(dict.fromkeys([*OURS, *wanted]))
    return given


def say(line: str) -> None:
    """Tell how far it is, on stderr."""
    print(line, file=sys.stderr, flush=True)


def measure(given: argparse.Namespace) -> dict[str, Any]:
    """Run the parts that were asked for."""
    missing = {n: why for n in given.peers if (why := PEERS[n].missing())}
    for name, why in missing.items():
        say(f"{name}: {why}")
    names = [n for n in given.peers if n not in missing]
    few = max(1, min(given.rounds, 5))
    results: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "machine": machine.describe(),
        "rounds": given.rounds,
        "quick": given.quick,
        "missing": missing,
    }
    if "training" in given.parts:
        done = results["training"] = {}
        for name in given.workloads:
            work = WORKLOADS[name].shrunk() if given.quick else WORKLOADS[name]
            done[name] = rounds.train(work, names, given.rounds, say)
    if "prediction" in given.parts:
        say("predicting")
        results["prediction"] = rounds.predict(names, few, given.quick, say)
    if "costs" in given.parts:
        say("import times")
        results["costs"] = costs.measure(given.quick, say)
    if "memory" in given.parts:
        say("peak memory")
        results["memory"] = rounds.memory(names, given.quick, say)
    if "mnist" in given.parts:
        say("MNIST to 97.5 %")
        few_names = [n for n in MNIST_PEERS if n in names]
        results["mnist"] = rounds.reach(few_names, 1 if given.quick else 3, 0.975, say)
    if "scaling" in given.parts:
        say("time per sample")
        results["scaling"] = scaling.measure(names, 1 if given.quick else 3, given.quick, say)
    if "threads" in given.parts:
        say("threads and settings")
        wanted = [w for w in ("A", "B", "C", "E", "F") if w in given.workloads]
        results["threads"] = threads.measure(names, wanted, few, given.quick, say)
    return results


def main(argv: list[str] | None = None) -> None:
    given = arguments(argv)
    results = measure(given)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    if given.json == "-":
        print(text)
    else:
        show(every(results))
    if given.json not in (None, "-"):
        Path(given.json).write_text(text + "\n")
    if given.output_dir is not None:
        given.output_dir.mkdir(parents=True, exist_ok=True)
        (given.output_dir / "results.json").write_text(text + "\n")
        from benchmarks.plots import draw

        for path in draw(results, given.output_dir):
            say(f"wrote {path}")


if __name__ == "__main__":
    main()
