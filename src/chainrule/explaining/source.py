"""Which line of source computed a value."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from chainrule.explaining.page import Code


def code_for(
    owner: object,
    methods: tuple[str, ...],
    name: str = "",
    inherited: bool = False,
    ran: Callable[[], object] | None = None,
    element: int = 0,
) -> Code | None:
    """Return the line in the first of these methods, as its class defines it, that gives `name`.

    That is the line with the dictionary key "name", else the last `return`. A method of a base
    class that only calls another one is passed over, unless `inherited`. `ran` calls the method
    once more, to see which of several returns is taken. `element` counts in a returned tuple.

    >>> from chainrule.layers import Dense
    >>> code_for(Dense(3), ("forward",)).text
    'return X @ params["W"] + params["b"], X'
    """
    for method in methods:
        found = _in(owner, method, name, inherited, ran, element)
        if found is not None:
            return found
    return None


def _in(
    owner: object,
    method: str,
    name: str,
    inherited: bool,
    ran: Callable[[], object] | None,
    element: int,
) -> Code | None:
    function: Any = getattr(type(owner), method, None)
    source = source_of(function)
    if source is None or (source.file == "base.py" and not inherited):
        return None  # what a base class has is a default that only calls another method
    first, lines = source.first, source.lines
    taken = None if ran is None else frozenset(n - first + 1 for n in lines_that_ran(function, ran))
    place = _place(source, name, taken, element)
    if place is None:
        return None
    return Code(source.file, first + place - 1, lines[place - 1].strip().rstrip(","))


@dataclass(frozen=True, eq=False)
class Source:
    """The lines of a function, where they stand, and their syntax tree."""

    file: str
    first: int
    lines: list[str]
    tree: ast.AST


@lru_cache(maxsize=1024)  # a page asks for the same few functions once for every line
def source_of(function: Any) -> Source | None:
    """Return the source of a function; None where there is none to be read.

    >>> from chainrule.layers import Dense
    >>> source_of(Dense.forward).file
    'dense.py'
    """
    try:
        lines, first = inspect.getsourcelines(function)
        file = Path(inspect.getsourcefile(function) or "").name
        return Source(file, first, lines, ast.parse(textwrap.dedent("".join(lines))))
    except (OSError, TypeError, SyntaxError):
        return None


def lines_that_ran(function: Any, call: Callable[[], object]) -> set[int]:
    """Return the line numbers of a function that run during a call.

    >>> def sign(x):
    ...     if x < 0:
    ...         return -1
    ...     return 1
    >>> len(lines_that_ran(sign, lambda: sign(3)))
    2
    """
    seen: set[int] = set()

    def watch(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code is not function.__code__:
            return None
        if event == "line":
            seen.add(frame.f_lineno)
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        call()
    finally:
        sys.settrace(before)
    return seen


@lru_cache(maxsize=4096)
def _place(source: Source, name: str, taken: frozenset[int] | None, element: int) -> int | None:
    """Return the line of the key "name"; without a name that of the value which is returned."""
    returned: ast.Return | None = None
    assigned: dict[str, int] = {}
    for node in ast.walk(source.tree):
        if name and isinstance(node, ast.Dict):
            for key in node.keys:
                if isinstance(key, ast.Constant) and key.value == name:
                    return key.lineno
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            assigned[node.targets[0].id] = node.lineno
        if isinstance(node, ast.Return) and (taken is None or node.lineno in taken):
            returned = node if returned is None or node.lineno > returned.lineno else returned
    if name or returned is None:
        return None
    value = (
        returned.value.elts[element] if isinstance(returned.value, ast.Tuple) else returned.value
    )
    named = isinstance(value, ast.Name) and value.id in assigned
    return assigned[value.id] if named else returned.lineno  # type: ignore[union-attr]
