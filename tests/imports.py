"""Which module of chainrule imports what, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import chainrule

SOURCE = Path(chainrule.__file__).parent


class Import(NamedTuple):
    """`module` (chainrule.layers.dense, say) imports `target`; `eager` as soon as it is loaded."""

    module: str
    target: str
    eager: bool


def modules() -> dict[str, Path]:
    """Return every module of the package with its file."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        parts = ["chainrule", *path.relative_to(SOURCE).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports() -> list[Import]:
    """Return every import, except those for type checkers alone."""
    known = modules()
    return [
        Import(module, target, eager)
        for module, path in known.items()
        for target, eager in _targets(ast.parse(path.read_text("utf-8")), known, eager=True)
    ]


def _targets(node: ast.AST, known: dict[str, Path], eager: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, eager) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            for alias in child.names:  # `from package import module` imports the module
                whole = f"{base}.{alias.name}"
                yield (whole if whole in known else base), eager
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _targets(child, known, eager and not inside)


def inside(module: str, *parts: str) -> bool:
    """Say whether a module is one of these parts of chainrule, or lies in one of them."""
    return any(module == f"chainrule.{p}" or module.startswith(f"chainrule.{p}.") for p in parts)
