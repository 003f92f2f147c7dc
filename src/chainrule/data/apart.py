"""Read a file in a process of its own: what damages can do to a reader, they do to that process.

Parquet and Arrow are read by libraries in Rust and C++. A damaged file may ask them for more memory
than there is, and then they end the process they are in, with no error that could be caught. So
they run in a child, whose memory the system bounds; what comes back are bytes that the child has
made anew. The child stays for the next file, and ends with this process.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import chainrule.errors
from chainrule.data.samples import MAX_BYTES
from chainrule.errors import ChainruleError, DataError
from chainrule.machine import memory, threads

if TYPE_CHECKING:
    import subprocess

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from chainrule.data.apart import serve; serve()"
)
HEAD = struct.Struct(">cQ")  # kind, bytes
PART, END, ERROR = b"p", b".", b"e"

SECONDS = 60.0
IDLE: list[subprocess.Popen[bytes]] = []  # one at most


def limit() -> int:
    """Return the bytes that a child may take: half of what this process may, at least 4 GiB."""
    return max(MAX_BYTES, memory() // 2)


def apart(function: str, path: Path, *arguments: str, seconds: float = SECONDS) -> Iterator[bytes]:
    """Yield what `function` ("package.module:name") of path and arguments yields, in a child.

    It may take so many `seconds` of processor time for each part, beside SECONDS for the first,
    before which it imports its library. Its chainrule errors are raised here; any other failure,
    and the child's own end, becomes a DataError that names the file.
    """
    child = IDLE.pop() if IDLE else _start()
    done = False
    try:
        assert child.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            asked = json.dumps([os.getcwd(), seconds, function, str(path), *arguments])
            child.stdin.write(asked.encode() + b"\n")
            child.stdin.flush()
        while True:
            kind, content = _answer(child, path)
            if kind == PART:
                yield content
                continue
            done = True
            if kind == END:
                return
            name, text = json.loads(content)
            raise getattr(chainrule.errors, name)(text)
    finally:
        if done and not IDLE:
            IDLE.append(child)
        else:
            _end(child)


def _start() -> subprocess.Popen[bytes]:
    import subprocess  # only here, to keep the import cheap

    command = [sys.executable, "-c", START, json.dumps(sys.path)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing)


def _answer(child: subprocess.Popen[bytes], path: Path) -> tuple[bytes, bytes]:
    assert child.stdout is not None
    head = child.stdout.read(HEAD.size)
    if len(head) == HEAD.size:
        kind, size = HEAD.unpack(head)
        content = child.stdout.read(size)
        if len(content) == size:
            return kind, content
    _end(child)
    how = _ending(child.returncode)
    if how == "SIGPROF":
        raise DataError(f"{path}: reading it does not come to an end: the file is damaged")
    raise DataError(
        f"{path}: reading it ended the process that read it ({how}): the file is damaged, or asks "
        f"for more than {limit():,} bytes of memory, the limit"
    )


def _ending(code: int) -> str:
    """Return how a process ended, in words.

    >>> _ending(-6), _ending(1)
    ('SIGABRT', 'exit code 1')
    """
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child that is in the middle of something, or has died."""
    for pipe in (child.stdin, child.stdout):
        assert pipe is not None
        with suppress(BrokenPipeError):
            pipe.close()
    from subprocess import TimeoutExpired

    try:
        child.wait(0.2)  # it may be about to end, for a reason that should be told
    except TimeoutExpired:
        child.kill()
        child.wait()


def end() -> None:
    """End the child that waits for the next file."""
    while IDLE:
        _end(IDLE.pop())


atexit.register(end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=IDLE.clear)  # the parent's child is not ours


def serve() -> None:
    """Read files as they are asked for on standard input; the child's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    os.environ.setdefault("POLARS_MAX_THREADS", str(threads()))
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between
    _bound()
    while line := sys.stdin.buffer.readline():
        folder, seconds, function, path, *arguments = json.loads(line)
        kind, content = END, b""
        try:
            os.chdir(folder)  # so that errors name the file as it was named
            module, _, name = function.partition(":")
            reader = getattr(import_module(module), name)
            _allow(max(seconds, SECONDS))
            for part in reader(Path(path), *arguments):
                _send(output, PART, part)
                _allow(seconds)
        except ChainruleError as error:
            kind, content = ERROR, _told(error, type(error).__name__)
        except BaseException as error:  # a panic of Rust is no Exception
            first = (str(error).splitlines() or [""])[0]
            said = DataError(f"{path}: cannot be read ({type(error).__name__}: {first[:200]})")
            kind, content = ERROR, _told(said, "DataError")
        _allow(0)
        _send(output, kind, content)


def _allow(seconds: float) -> None:
    """Let the system end this process after so much processor time; 0 lifts the limit."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _told(error: Exception, name: str) -> bytes:
    return json.dumps([name, str(error)]).encode()


def _send(output: Any, kind: bytes, content: bytes) -> None:
    output.write(HEAD.pack(kind, len(content)))
    output.write(content)
    output.flush()


def _bound() -> None:
    """Let the system refuse this process memory beyond the limit, where it can."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        return
    most = pages * os.sysconf("SC_PAGE_SIZE") + limit()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [n for n in (most, soft, hard) if n != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(known), hard))
