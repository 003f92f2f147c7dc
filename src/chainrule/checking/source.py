"""The student's own lines: which statement produces a gradient, and at which place in the file."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Code:
    """A line of source: file name, number counted from 1, text."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Source:
    """The syntax tree of one function or method, with its place in its file."""

    tree: ast.FunctionDef | ast.Lambda
    file: str
    first: int
    lines: tuple[str, ...]

    def code(self, node: ast.AST) -> Code:
        """Return the line at which a node begins."""
        number = int(getattr(node, "lineno", 1))
        text = self.lines[number - 1].strip() if number <= len(self.lines) else ""
        return Code(self.file, self.first + number - 1, text)

    @property
    def start(self) -> str:
        """Return `file:line` of the definition."""
        return f"{self.file}:{self.first}"


def read(function: Any) -> Source | None:
    """Return the source of a function, None where it cannot be read (built in, typed in a shell).

    >>> read(len) is None
    True
    """
    try:
        function = inspect.unwrap(function)
        lines, first = inspect.getsourcelines(function)
        text = textwrap.dedent("".join(lines))
        file = Path(inspect.getsourcefile(function) or "").name
        tree = ast.parse(text)
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            return Source(node, file, first, tuple(text.splitlines()))
    return None


def place_of(thing: Any) -> str:
    """Return `file.py:7`, where a class or function is defined; empty where that is unknown."""
    try:
        _, first = inspect.getsourcelines(thing)
        return f"{Path(inspect.getsourcefile(thing) or '').name}:{first}"
    except (OSError, TypeError):
        return ""


def returned_names(source: Source | None) -> list[list[str]]:
    """Return, for each value of the last `return`, its name: a name, an attribute or dict's keys.

    `return dX, {"dW": a, "db": b}` gives [["dX"], ["dW", "db"]]; a value without a name gives [""].
    """
    last = _last_return(source)
    if last is None or last.value is None:
        return []
    values = last.value.elts if isinstance(last.value, ast.Tuple | ast.List) else [last.value]
    return [_names(value) for value in values]


def _names(value: ast.expr) -> list[str]:
    if isinstance(value, ast.Name):
        return [value.id]
    if isinstance(value, ast.Attribute):
        return [value.attr]
    if isinstance(value, ast.Dict):
        return [str(k.value) for k in value.keys if isinstance(k, ast.Constant)]
    return [""]


def _last_return(source: Source | None) -> ast.Return | None:
    if source is None or isinstance(source.tree, ast.Lambda):
        return None
    returns = [n for n in own_nodes(source.tree) if isinstance(n, ast.Return)]
    return max(returns, key=lambda n: n.lineno, default=None)


def own_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes of a function, without those of functions defined inside it."""
    for child in ast.iter_child_nodes(tree):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield from own_nodes(child)


def line_of(function: Callable[..., Any], names: tuple[str, ...], position: int = 0) -> Code | None:
    """Return the line of `function` that gives one of these names.

    Looked for in this order: an assignment to it (`dW = …`, `self.dW = …`, `grads["W"] = …`,
    `self.W -= …`), its key in a dictionary, and the value at `position` of the last return.
    """
    source = read(function)
    if source is None:
        return None
    wanted = set(names)
    for node in own_nodes(source.tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                named = isinstance(key, ast.Constant) and key.value in wanted
                if named and not isinstance(value, ast.Name | ast.Attribute):
                    return source.code(value)
    assigned = [n for n in own_nodes(source.tree) if _assigns(n, wanted)]
    if assigned:
        # The last one is the value that counts, unless it only rescales (dW /= m).
        return source.code(max(assigned, key=lambda n: int(getattr(n, "lineno", 0))))
    last = _last_return(source)
    if last is None or last.value is None:
        return None
    values = last.value.elts if isinstance(last.value, ast.Tuple | ast.List) else [last.value]
    if position >= len(values):
        return None
    value = values[position]
    if isinstance(value, ast.Name):
        return line_of(function, (value.id,)) if value.id not in wanted else source.code(last)
    return source.code(value)


def _assigns(node: ast.AST, wanted: set[str]) -> bool:
    if isinstance(node, ast.Assign):
        targets = [e for t in node.targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    else:
        return False
    return any(_target(t) in wanted for t in targets)


def _target(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        return _target(node.value)  # dW[i] = …
    return ""


def raised_at(error: BaseException, files: set[str]) -> str:
    """Return `file.py:18` of the innermost line of these files in a traceback, or "".

    `files` are full paths, so that a line inside NumPy is never named as the student's.
    """
    found, place = error.__traceback__, ""
    while found is not None:
        name = found.tb_frame.f_code.co_filename
        if name in files:
            place = f"{Path(name).name}:{found.tb_lineno}"
        found = found.tb_next
    return place
