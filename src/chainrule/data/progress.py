"""Show how far a transfer is: a bar on a terminal, one plain line elsewhere. Always on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]


@contextmanager
def shown(
    text: str, total: int | None, done: int = 0, bar: bool | None = None
) -> Iterator[Advance]:
    """Yield a function that is called with every number of bytes that arrived.

    `bar=None` shows a bar on a terminal and prints `text` once elsewhere; True and False force
    the bar, or silence.

    >>> with shown("a file", 10, bar=False) as advance:
    ...     advance(10)
    """
    if bar is None and not sys.stderr.isatty():
        print(text, file=sys.stderr)
    if bar is False or not (bar or sys.stderr.isatty()):
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(text, total=total, completed=done)
        yield lambda size: progress.advance(task, size)
