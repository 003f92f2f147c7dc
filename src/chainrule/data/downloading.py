"""Download one file: resumable, patient with cut connections, quick to give up offline."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from chainrule.data.progress import shown

CONNECT_SECONDS = 4.0  # for name look-up, connection and first answer together
READ_SECONDS = 20.0
ATTEMPTS = 4
BLOCK = 1 << 16


class UnavailableError(Exception):
    """A place cannot give what is asked for; the text says why."""


def _open_soon(request: Any) -> Any:
    """Return the opened response, or raise `UnavailableError` after `CONNECT_SECONDS`.

    A socket's timeout does not cover the name look-up, which can hang far longer where a
    network is half there: so the opening runs in a thread that may be left behind.
    """
    import urllib.request

    outcome: dict[str, Any] = {}
    lock = threading.Lock()

    def work() -> None:
        try:
            response = urllib.request.urlopen(request, timeout=READ_SECONDS)
        except Exception as error:  # handed to the caller's thread, not swallowed
            outcome["error"] = error
            if outcome.get("late") and hasattr(error, "close"):
                error.close()
            return
        with lock:
            outcome["response"] = response
            if outcome.get("late"):
                response.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    with lock:
        if "response" not in outcome and "error" not in outcome:
            outcome["late"] = True
            raise UnavailableError(f"no answer within {CONNECT_SECONDS:g} s")
    if "error" in outcome:
        raise outcome["error"]
    return outcome["response"]


def _total(response: Any, start: int) -> int | None:
    """Return the size of the whole file, from the headers; None if they do not say."""
    length = response.headers.get("Content-Length")
    return start + int(length) if length and length.isdigit() else None


def _attempt(url: str, part: Path, limit: int, bar: bool | None) -> bool:
    """Append what is missing to `part`; return whether it is complete now."""
    import urllib.error
    import urllib.request

    start = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "chainrule"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        response = _open_soon(urllib.request.Request(url, headers=headers))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416 and start:  # nothing after `start`: whole, or not our file
                if error.headers.get("Content-Range") == f"bytes */{start}":
                    return True
                part.unlink()
                return False
            raise UnavailableError(f"HTTP {error.code} {error.reason}") from error
    with response:
        if response.status != 206:  # the server does not resume: from the start
            start = 0
        total = _total(response, start)
        if total is not None and total > limit:
            part.unlink(missing_ok=True)
            raise UnavailableError(f"{total:,} bytes offered, at most {limit:,} expected")
        name = url.rsplit("/", 1)[-1]
        with (
            part.open("ab" if start else "wb") as file,
            shown(f"fetching {name} from {url}", total, start, bar) as advance,
        ):
            while start <= limit and (block := response.read(BLOCK)):
                start += len(block)
                file.write(block)
                advance(len(block))
    if start > limit:
        part.unlink()
        raise UnavailableError(f"more than the {limit:,} bytes expected")
    return total is None or start == total


def download(url: str, part: Path, limit: int, bar: bool | None = None) -> None:
    """Download `url` to the file `part`, going on from what an earlier call left there.

    While it runs, the file carries this process's number, so that two processes never write
    into one; when it is cut short, the file gets its own name back for the next call.

    Raises `UnavailableError` when the server cannot be reached, refuses, offers more than `limit`
    bytes, or cuts the connection again and again.
    """
    import http.client

    own = part.with_name(f"{part.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        os.replace(part, own)
    try:
        why = "the connection was cut"
        for _ in range(ATTEMPTS):
            before = own.stat().st_size if own.exists() else 0
            try:
                if _attempt(url, own, limit, bar):
                    return
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                why = str(getattr(reason, "strerror", None) or reason)
                if before == (own.stat().st_size if own.exists() else 0):
                    break  # nothing came: unreachable rather than cut
        raise UnavailableError(why)
    finally:
        if own.exists():
            os.replace(own, part)
