"""A training by several processes that survives: started, watched, and started again.

The supervisor runs mpirun in a session of its own. A rank that dies ends mpirun, and one that
hangs stops the heartbeat; either way all that is left is ended, and the training goes on from its
last checkpoint. Whether it is done is said by that checkpoint, never by an exit code alone.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

from chainrule.errors import ConfigurationError, ModelFileError
from chainrule.scale.heartbeat import FILE, SECONDS

MARK = "CHAINRULE_LAUNCH"  # in the environment of every process of a launch
WRONG_USE = 2
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "NPROC": "1"}
# Gradients are a few large arrays a step. glibc gives such memory back to the system each time, and
# fetches it again page by page, which takes a tenth of the step and more when all processes do so.
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(512 << 20)}
# Open MPI refuses root and more processes than cores, and binds each process to a core.
OPEN_MPI = {
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    "PRTE_MCA_hwloc_default_binding_policy": "none",
}
ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
SENT = "OMPI_MCA_mca_base_env_list"  # what Open MPI takes along to other hosts; MPICH takes all


def checkpoint_folder(arguments: Sequence[str]) -> Path:
    """Return the folder after --checkpoint; raise ConfigurationError where there is none.

    >>> checkpoint_folder(["train", "digits", "--checkpoint=runs/a"]).as_posix()
    'runs/a'
    """
    for i, word in enumerate(arguments):
        name, given, value = word.partition("=")
        if name == "--checkpoint" and (given or i + 1 < len(arguments)):
            return Path(value if given else arguments[i + 1])
    raise ConfigurationError(
        "launch goes on from checkpoints: give train --checkpoint FOLDER, seen by all hosts"
    )


def finished(folder: Path) -> bool:
    """Say whether the newest whole checkpoint is that of a training which has come to its end."""
    from chainrule.training.callbacks.checkpoint_file import newest

    try:
        config = newest(sorted(folder.glob("step-*.safetensors")))[1]
    except (ModelFileError, IndexError):
        return False
    place, stopped = config["checkpoint"], config["history"]["stopped"]
    if stopped:
        return not str(stopped).startswith("interrupted")
    return bool(place["epoch"] >= place["first"] + config["training"]["epochs"])


def command(launcher: str, n: int, arguments: Sequence[str]) -> list[str]:
    """Return the whole command line; raise ConfigurationError for a launcher that is not there."""
    words = shlex.split(launcher)
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which(words[0], path=places)
    if found is None:
        raise ConfigurationError(
            f'there is no {words[0]} here: pip install "chainrule[mpi-local]", or load the '
            "cluster's MPI"
        )
    resumed = [] if "--resume" in arguments else ["--resume"]
    program = [sys.executable, "-m", "chainrule.cli", *arguments, *resumed]
    return [found, *words[1:], "-n", str(n), *program]


def surroundings() -> dict[str, str]:
    """Return the environment in which a launcher starts processes as it is asked to."""
    root = ROOT if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    return {**OPEN_MPI, **root, **KEEP_MEMORY, **os.environ}


def supervise(
    arguments: Sequence[str],
    n: int,
    max_restarts: int,
    stall_timeout: float,
    say: Callable[[str], None],
    launcher: str = "mpirun",
) -> int:
    """Run `chainrule ARGUMENTS` in n processes until its training is done; return an exit code.

    Raises ConfigurationError without --checkpoint or without the launcher.
    """
    folder, line = checkpoint_folder(arguments), command(launcher, n, arguments)
    mark = uuid4().hex
    with tempfile.TemporaryDirectory(prefix="chainrule-") as place:
        beat = Path(place) / "heartbeat"
        own = {MARK: mark, FILE: str(beat), SECONDS: str(stall_timeout), **ONE_THREAD}
        sent = [*filter(None, [os.environ.get(SENT)]), *own, *KEEP_MEMORY]
        own[SENT] = ";".join(sent)
        for attempt in range(max_restarts + 1):
            code, stalled = run(line, surroundings() | own, beat, stall_timeout)
            if code == 0 and finished(folder):
                return 0
            if code == WRONG_USE and not stalled:
                return code
            if stalled:
                what = f"no step in {stall_timeout:g} s: a process hangs, or a host is lost"
            elif code == 0:
                what = "the processes ended, but the last checkpoint is not that of a finished one"
            else:
                what = f"a process failed (exit code {code})"
            left = max_restarts - attempt
            then = (
                f"going on from the last checkpoint, {left} restarts left" if left else "giving up"
            )
            say(f"launch: {what}; {then}")
    return 1


def run(
    line: Sequence[str], environment: Mapping[str, str], beat: Path, stall_timeout: float
) -> tuple[int, bool]:
    """Run once; return the exit code, and whether it was ended because it stood still."""
    beat.touch()
    last, seen = monotonic(), beat.stat().st_mtime_ns
    process = subprocess.Popen(line, env=environment, start_new_session=True)
    try:
        while process.poll() is None:
            sleep(0.05)
            now = beat.stat().st_mtime_ns
            if now != seen:
                last, seen = monotonic(), now
            elif monotonic() - last > stall_timeout:
                return 1, True
        return process.returncode, False
    finally:
        end_all(process, environment[MARK])


def end_all(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the launcher and every process of this launch on this host, stopped ones as well.

    Ranks live in sessions of their own, so they are known by the mark in their environment. Those
    on other hosts end themselves, see `heartbeat.py`.
    """
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pid in marked(mark):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = monotonic() + 10
    while marked(mark) and monotonic() < deadline:
        sleep(0.02)


def marked(mark: str) -> list[int]:
    """Return the running processes with this mark; none where there is no /proc."""
    word, found = f"{MARK}={mark}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
