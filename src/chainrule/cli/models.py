"""Opening model files, with the nearest name for one that is not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.cli.importing import import_all
from chainrule.cli.nearest import existing
from chainrule.model_file import load

if TYPE_CHECKING:
    from chainrule.model import Model


def open_model(path: Path, imports: list[Path] | None) -> Model:
    """Return the model in a file, after importing the files that define its layers."""
    import_all(imports)
    return load(existing(path, "model file", "*.safetensors"))
