"""Rounds in alternation: every library in a process of its own, and only one at a time at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.peers import BARE, OURS, PEERS, Peer
from benchmarks.workloads import WORKLOADS, Workload

REST = 0.2  # seconds between turns, in which the last one's threads stop spinning
SGEMM = (1024, 2048)  # rows of the matrices whose product is the limit
Say = Callable[[str], None]
Results = dict[str, Any]


def pause() -> None:
    """Let the last turn's threads come to rest."""
    time.sleep(REST)


class WorkerError(Exception):
    """A worker could not do what it was asked."""


class Remote:
    """A worker process. It stays alive between its turns."""

    def __init__(self, peer: Peer, environment: dict[str, str] | None = None) -> None:
        self.peer = peer
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in close)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env={**os.environ, **peer.environment, **(environment or {})},
        )

    def ask(self, do: str, **command: Any) -> dict[str, Any]:
        """Send a command and wait for the answer. Raises WorkerError when it fails."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.log.seek(0)
            last = (self.log.read().strip().splitlines() or ["no message"])[-1]
            raise WorkerError(f"the process ended: {last[:200]}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()
        self.log.close()


class Group:
    """The workers of some libraries; one that fails is left out from then on."""

    def __init__(self, names: Iterable[str], say: Say) -> None:
        self.say = say
        self.failed: dict[str, str] = {}
        self.remotes = {n: Remote(BARE if n == BARE.name else PEERS[n]) for n in names}

    def __enter__(self) -> Group:
        return self

    def __exit__(self, *_: object) -> None:
        for remote in self.remotes.values():
            remote.close()

    def turn(self, name: str, do: str, **command: Any) -> dict[str, Any] | None:
        """Give one library its turn; None when it fails or has failed."""
        if name in self.failed:
            return None
        pause()
        try:
            return self.remotes[name].ask(do, **command)
        except WorkerError as error:
            self.failed[name] = str(error)
            self.say(f"  {name} failed: {error}")
            return None

    def order(self, number: int) -> list[str]:
        """Return the libraries in the order of a round; each comes first once."""
        names = list(self.remotes)
        shift = number % len(names)
        return names[shift:] + names[:shift]


def train(workload: Workload, names: Sequence[str], rounds: int, say: Say) -> Results:
    """Return seconds per step of every library in every round, and the sgemm speed beside it."""
    say(f"{workload.name}: {workload.title}")
    limit = Remote(BARE)
    notes, losses, done, chunks = {}, {}, [], []
    with Group(names, say) as group:
        for name in names:
            prepared = group.turn(name, "prepare", workload=workload.to_json())
            if prepared is not None:
                notes[name] = prepared["note"]
        for number in range(rounds):
            pause()
            this: dict[str, float] = {"sgemm": limit.ask("measure_sgemm", sizes=SGEMM)["flops"]}
            for name in group.order(number):
                answer = group.turn(name, "train", epochs=workload.epochs)
                if answer is None:
                    continue
                this[name] = sum(answer["seconds"]) / (workload.steps * workload.epochs)
                losses.setdefault(name, []).extend(answer["losses"])
                if name == OURS[0]:
                    chunks += answer.get("chunks", [])
            done.append(this)
            say(f"  round {number + 1}/{rounds}: " + shown(this))
        limit.close()
        facts = {"title": workload.title, "flops": workload.flops, "steps": workload.steps}
        return {
            **workload.to_json(),
            **facts,
            "rounds": done,
            "notes": notes,
            "losses": {name: values[-1] for name, values in losses.items()},
            "chunks": chunks,
            "failed": group.failed,
        }


def shown(seconds: dict[str, float]) -> str:
    """Return a round in one line, in microseconds."""
    return ", ".join(f"{n} {s * 1e6:.0f}" for n, s in seconds.items() if n != "sgemm") + " µs"


def predict(names: Sequence[str], rounds: int, quick: bool, say: Say) -> Results:
    """Return seconds for one row and for 10,000 rows, of every library and of bare NumPy."""
    workload = replace(WORKLOADS["B"], samples=4096, epochs=1)
    rows = [1, 1000 if quick else 10_000]
    done: Results = {str(n): [] for n in rows}
    with Group([BARE.name, *names], say) as group:
        for name in group.remotes:
            group.turn(name, "prepare", workload=workload.to_json())
        for number in range(rounds):
            for n in rows:
                this = {}
                for name in group.order(number):
                    wanted = {"rows": n, "inputs": 784, "seconds": 0.02 if quick else 0.2}
                    answer = group.turn(name, "predict", **wanted)
                    if answer is not None:
                        this[name] = answer["seconds"]
                done[str(n)].append(this)
                say(f"  {n:,} rows, round {number + 1}/{rounds}: {shown(this)}")
        return {"network": "784-128-10", "rounds": done, "failed": group.failed}


def reach(names: Sequence[str], rounds: int, accuracy: float, say: Say) -> Results:
    """Return how long each library trains on MNIST until it answers so well; compiling included."""
    workload = replace(WORKLOADS["B"], name="mnist", epochs=1)
    done: Results = {"accuracy": accuracy, "title": workload.title, "runs": {}, "failed": {}}
    for number in range(rounds):
        for name in names:
            if name in done["failed"]:
                continue
            with tempfile.TemporaryDirectory() as cache:  # nothing compiled in an earlier run
                remote = Remote(PEERS[name], {"CHAINRULE_XLA_CACHE": cache})
                try:
                    wanted = {"workload": workload.to_json(), "accuracy": accuracy, "most": 20}
                    run = remote.ask("reach", **wanted)
                    done["runs"].setdefault(name, []).append(run)
                    took = "not reached" if run["seconds"] is None else f"{run['seconds']:.2f} s"
                    say(f"  {name} {number + 1}/{rounds}: {took}, {run['epochs']} epochs")
                except WorkerError as error:
                    done["failed"][name] = str(error)
                    say(f"  {name} failed: {error}")
                finally:
                    remote.close()
    return done


def memory(names: Sequence[str], quick: bool, say: Say) -> Results:
    """Return the peak resident size of a fresh process that trains one epoch of B."""
    workload = WORKLOADS["B"].shrunk() if quick else WORKLOADS["B"]
    done = {}
    for name in names:
        remote = Remote(PEERS[name])
        try:
            remote.ask("prepare", workload=workload.to_json())
            done[name] = remote.ask("memory")["bytes"]
            say(f"  {name}: {done[name] / 1e6:.0f} MB")
        except WorkerError as error:
            say(f"  {name} failed: {error}")
        finally:
            remote.close()
    return {"data_bytes": 4 * workload.samples * workload.sizes[0], "bytes": done}
