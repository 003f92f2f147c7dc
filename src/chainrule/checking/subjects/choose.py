"""Which kind of subject a thing is."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from chainrule.checking.subject import Subject
from chainrule.checking.subjects.formulas import FormulaSubject
from chainrule.checking.subjects.functions import ValueAndGradients
from chainrule.checking.subjects.library import LayerSubject, LossSubject
from chainrule.checking.subjects.models import ModelSubject
from chainrule.checking.subjects.orientation import BACKWARD, FORWARD
from chainrule.checking.subjects.pairs import FunctionPair
from chainrule.checking.subjects.student import ClassSubject
from chainrule.derivation import Formulas
from chainrule.errors import ConfigurationError
from chainrule.formulas import samples_of
from chainrule.layers.base import Layer
from chainrule.layers.columns import Columns
from chainrule.losses import Loss
from chainrule.model import Model

SIZES = (2, 3, 5)  # handed to a class that wants whole numbers: inputs, units


def subject_for(
    thing: Any,
    X: Any = None,
    targets: Any = None,
    shape: tuple[int, ...] | None = None,
    notation: str | None = None,
    training: bool = False,
) -> Subject:
    """Return the subject that a thing is.

    Raises ConfigurationError for a thing that is none, with what is one.
    """
    if notation is not None:
        samples_of(notation)  # refuses an unknown one
    if isinstance(thing, type):
        thing, title = made(thing)
    else:
        title = ""
    if isinstance(thing, Model):
        return ModelSubject(thing, X, targets)
    if isinstance(thing, Layer | Columns):
        return LayerSubject(thing, shape, X, training=training)
    if isinstance(thing, Loss):
        return LossSubject(thing, X, targets)
    if isinstance(thing, Formulas | Mapping):
        return FormulaSubject(thing, notation)
    if isinstance(thing, tuple) and len(thing) == 2 and all(map(callable, thing)):
        return FunctionPair(thing[0], thing[1], notation)
    if inspect.isfunction(thing):
        return ValueAndGradients(thing, notation)
    if _has(thing, FORWARD) and _has(thing, BACKWARD):
        return ClassSubject(thing, title, notation, X, targets, shape)
    raise ConfigurationError(
        f"nothing to check in {thing!r}: expected a layer, a loss, a model, an object with "
        "forward(X) and backward(dY), a function that returns its cost and gradients, a pair "
        "(forward, backward), or formulas"
    )


def _has(thing: Any, names: tuple[str, ...]) -> bool:
    return any(callable(getattr(thing, n, None)) for n in names)


def made(cls: type) -> tuple[Any, str]:
    """Return an object of a class, with sizes given to the parameters that want them.

    Raises ConfigurationError where the class cannot be made that way: pass an object then.
    """
    try:
        parameters = inspect.signature(cls).parameters.values()
    except (TypeError, ValueError):
        parameters = ()  # type: ignore[assignment]
    required = [
        p
        for p in parameters
        if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    sizes = SIZES if len(required) > 1 else SIZES[1:]
    arguments = [sizes[i % len(sizes)] for i in range(len(required))]
    try:
        thing = cls(*arguments)
    except Exception as error:
        names = ", ".join(p.name for p in required)
        raise ConfigurationError(
            f"{cls.__name__}({names}) could not be made with {arguments}: {type(error).__name__}: "
            f'{error}. Say how: "file.py:{cls.__name__}(…)", or pass an object'
        ) from error
    shown = ", ".join(f"{p.name}={a}" for p, a in zip(required, arguments, strict=True))
    return thing, f"{cls.__name__}({shown})"
