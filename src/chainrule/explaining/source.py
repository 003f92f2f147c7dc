"""Which line of source computed a value."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path
from typing import Any

from chainrule.explaining.page import Code


def code_for(owner: object, methods: tuple[str, ...], name: str = "") -> Code | None:
    """Return the line in the first of these methods, as its class defines it, that gives `name`.

    That is the line with the dictionary key "name", else the last `return`.

    >>> from chainrule.layers import Dense
    >>> code_for(Dense(3), ("forward",)).text
    'return X @ params["W"] + params["b"], X'
    """
    for method in methods:
        found = _in(owner, method, name)
        if found is not None:
            return found
    return None


def _in(owner: object, method: str, name: str) -> Code | None:
    function: Any = getattr(type(owner), method, None)
    try:
        lines, first = inspect.getsourcelines(function)
        file = Path(inspect.getsourcefile(function) or "").name
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    if file == "base.py":
        return None  # a default that only calls another method
    place = _place(tree, name)
    if place is None:
        return None
    return Code(file, first + place - 1, lines[place - 1].strip().rstrip(","))


def _place(tree: ast.AST, name: str) -> int | None:
    """Return the line of the key "name"; without a name that of the value which is returned."""
    returned: ast.Return | None = None
    assigned: dict[str, int] = {}
    for node in ast.walk(tree):
        if name and isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == name:
                    return key.lineno
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned[node.targets[0].id] = node.lineno
        if isinstance(node, ast.Return) and node.lineno > (returned.lineno if returned else 0):
            returned = node
    if name or returned is None:
        return None
    value = returned.value.elts[0] if isinstance(returned.value, ast.Tuple) else returned.value
    return (
        assigned.get(value.id, returned.lineno) if isinstance(value, ast.Name) else returned.lineno
    )
