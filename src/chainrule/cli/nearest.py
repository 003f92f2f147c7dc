"""Files that are missing: say which name nearby may have been meant."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from chainrule.errors import ConfigurationError


def existing(path: Path, kind: str, pattern: str = "*") -> Path:
    """Return `path` if it is there; else raise ConfigurationError with the nearest name."""
    if path.exists():
        return path
    hint = ""
    if path.parent.is_dir():
        nearby = {p.name for p in path.parent.glob(pattern) if not p.name.startswith(".")}
        near = get_close_matches(path.name, nearby, n=1, cutoff=0.65)
        if near:
            hint = f': did you mean "{path.parent / near[0]}"?'
    elif path.parent != Path():
        hint = f": there is no folder {path.parent}"
    raise ConfigurationError(f'no {kind} at "{path}"{hint}')


def writable(path: Path) -> Path:
    """Return `path` if a file can be written there; say so before work is spent on it.

    Raises ConfigurationError for a folder, or for a place that cannot be written to.
    """
    import os

    if path.is_dir():
        raise ConfigurationError(f"{path} is a folder: give the name of a file")
    folder = path.parent
    while not folder.exists():  # made when the file is written
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigurationError(f"{path}: {folder} is no folder that can be written to")
    return path
