"""Files that survive: at every instant the old or the new content is there, whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from chainrule.errors import WriteError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that at every instant the old or the new content is there, whole.

    The content goes to a temporary file beside `path`, is synced to the disk, and the file renamed;
    then the folder is synced, so that a power cut does not undo the renaming. Raises WriteError
    when the system refuses (a full disk, a folder that cannot be written to); what was at `path`
    is then as it was, and the temporary file is gone.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        kept = "; the file that is there is as it was" if path.exists() else ""
        reason = error.strerror or str(error)
        raise WriteError(
            f"{path} cannot be written ({len(content):,} bytes): {reason}{kept}"
        ) from error


def _sync_folder(folder: Path) -> None:
    """Sync the folder's own entries, where the system can (Windows cannot open a folder)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError:  # some network file systems refuse; the file itself is synced
        pass
    finally:
        os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
