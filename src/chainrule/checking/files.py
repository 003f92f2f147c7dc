"""Files of a student's code: running them, and finding in them what can be checked."""

from __future__ import annotations

import ast
import inspect
from types import ModuleType
from typing import Any

from chainrule.checking.subject import Subject
from chainrule.checking.subjects import calling
from chainrule.checking.subjects.functions import ValueAndGradients
from chainrule.checking.subjects.orientation import BACKWARD, FORWARD
from chainrule.checking.subjects.pairs import FunctionPair, derivative_names
from chainrule.checking.subjects.student import ClassSubject
from chainrule.errors import ConfigurationError, unknown_name
from chainrule.layers.base import Layer
from chainrule.losses import Loss


def files_of(subject: Subject) -> set[str]:
    """Return the full paths of the files that a student's subject is written in."""
    things: list[Any] = []
    if isinstance(subject, ClassSubject):
        things = [*type(subject.object).__mro__[:-1]]
    elif isinstance(subject, FunctionPair):
        things = [subject.f, subject.backward]
    elif isinstance(subject, ValueAndGradients):
        things = [subject.function]
    elif hasattr(subject, "inner"):
        things = [type(subject.inner)]
    found = set()
    for thing in things:
        try:
            found.add(inspect.getsourcefile(thing) or "")
        except TypeError:
            continue
    return found - {""}


def things_in(module: ModuleType, name: str = "") -> list[tuple[str, Any]]:
    """Return what there is to check in a module, as (title, thing): by name, or everything.

    `name` may be a call with plain arguments, `Affine(3)`. Objects come before classes: a file
    that makes `layer = Dense(...)` says which one is meant.

    Raises ConfigurationError for a name that is not there (with what is), and for a module in
    which there is nothing to check.
    """
    candidates = _candidates(module)
    if name:
        return [_named(module, name, candidates)]
    if not candidates:
        raise ConfigurationError(
            f"{module.__file__}: nothing to check: expected a class with forward(X) and "
            "backward(dY), a function that returns its cost and gradients, or a pair such as "
            "sigmoid and sigmoid_derivative"
        )
    objects = [c for c in candidates if not isinstance(c[1], type)]
    made = {type(thing) for _, thing in objects}
    return [c for c in candidates if not (isinstance(c[1], type) and c[1] in made)]


def _candidates(module: ModuleType) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    functions = {
        n: f
        for n, f in vars(module).items()
        if inspect.isfunction(f) and f.__module__ == module.__name__
    }
    paired: set[str] = set()
    for name, function in functions.items():
        for other in derivative_names(name):
            if other in functions and other != name:
                found.append((f"{name} and {other}", (function, functions[other])))
                paired |= {name, other}
                break
    for name, thing in vars(module).items():
        if name.startswith("_"):
            continue
        if isinstance(thing, type):
            own = thing.__module__ == module.__name__
            if own and (_both(thing) or issubclass(thing, Layer | Loss)):
                found.append((name, thing))
        elif name in functions:
            if name not in paired and _gives_gradients(thing):
                found.append((name, thing))
        elif isinstance(thing, Layer | Loss) or (
            type(thing).__module__ == module.__name__ and _both(type(thing))
        ):
            found.append((name, thing))
    return found


def _both(cls: type) -> bool:
    def has(names: tuple[str, ...]) -> bool:
        return any(inspect.isfunction(getattr(cls, n, None)) for n in names)

    return has(FORWARD) and has(BACKWARD)


def _gives_gradients(function: Any) -> bool:
    wanted = calling.signature_of(function).required
    return any(calling.is_target(n) for n in wanted) and len(wanted) > 2


def _named(module: ModuleType, text: str, candidates: list[tuple[str, Any]]) -> tuple[str, Any]:
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ConfigurationError(
            f'"{text}": expected the name of something in {module.__file__}, or Name(3)'
        ) from None
    name = node.func if isinstance(node, ast.Call) else node
    if not isinstance(name, ast.Name):
        raise ConfigurationError(f'"{text}": expected a name, or a call such as Affine(3)')
    if not hasattr(module, name.id):
        known = [title.split(" ")[0] for title, _ in candidates]
        raise unknown_name(f"name in {module.__file__}", name.id, known)
    thing = getattr(module, name.id)
    if not isinstance(node, ast.Call):
        for title, candidate in candidates:
            if isinstance(candidate, tuple) and candidate[0] is thing:
                return title, candidate
        return name.id, thing
    try:
        arguments = [ast.literal_eval(a) for a in node.args]
        named = {k.arg: ast.literal_eval(k.value) for k in node.keywords if k.arg}
    except ValueError:
        raise ConfigurationError(f'"{text}": arguments are plain numbers or text') from None
    try:
        return _shown(thing, text, arguments, named), thing(*arguments, **named)
    except Exception as error:
        raise ConfigurationError(f"{text}: {type(error).__name__}: {error}") from error


def _shown(thing: Any, text: str, arguments: list[Any], named: dict[str, Any]) -> str:
    """Return the call with its parameters' names: Affine(units=3)."""
    try:
        bound = inspect.signature(thing).bind(*arguments, **named).arguments
    except (TypeError, ValueError):
        return text
    inside = ", ".join(f"{n}={v!r}" for n, v in bound.items())
    return f"{thing.__name__}({inside})"
