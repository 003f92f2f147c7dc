"""One training at a time writes to a folder.

The system locks the folder itself (flock) for as long as the process that asked for it lives: no
file is left behind, and a process that was killed holds nothing any more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from chainrule.errors import ConfigurationError

LOCKS = Path("/proc/locks")  # of Linux: each lock with its process and the file's inode


class FolderLock:
    """The right to write to `folder`, once it is taken.

    Where folders cannot be locked (Windows, some network file systems) it is given to all.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.handle = folder, -1

    def take(self) -> None:
        """Take it; raise ConfigurationError, with the process, where another one has it."""
        try:
            import fcntl
        except ImportError:
            return
        self.release()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.handle = os.open(self.folder, os.O_RDONLY)
        except OSError:
            return  # the first write will say what is wrong with it
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = holder(self.handle)
            self.release()
            raise ConfigurationError(
                f"{self.folder}: another training writes its checkpoints there ({who}): wait for "
                f"its end, or take another folder"
            ) from None
        except OSError:  # this file system has no such locks
            self.release()
        else:
            HELD.add(self)

    def release(self) -> None:
        """Give it up; nothing happens where it is not held."""
        HELD.discard(self)
        if self.handle >= 0:
            os.close(self.handle)
        self.handle = -1

    def __del__(self) -> None:
        self.release()

    def __reduce__(self) -> Any:  # a copy holds nothing
        return FolderLock, (self.folder,)


HELD: WeakSet[FolderLock] = WeakSet()


def holder(handle: int) -> str:
    """Return which process has locked the open folder, where the system tells."""
    place = os.fstat(handle)
    file = f"{os.major(place.st_dev):02x}:{os.minor(place.st_dev):02x}:{place.st_ino}"
    with suppress(OSError):
        for line in LOCKS.read_text().splitlines():
            words = line.split()  # "1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF"
            if words[1:2] == ["FLOCK"] and file in words:
                return f"process {words[4]}"
    return "a process that the system does not name"


def _release_all() -> None:
    for lock in list(HELD):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_all)  # or a child would hold on after a kill
