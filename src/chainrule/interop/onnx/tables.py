"""The tables of translations: from a layer's class to its writer, from an operator to its reader.

A writer gets its `Place` and the tensor that comes in, and returns the one that goes out:

    @writes(Dense)
    def write_dense(at: Place, x: Tensor) -> Tensor:
        return at.node("Gemm", x, at.weight("W"), at.weight("b"), shape=(at.layer.units,))

A reader gets a `Reading`, a node with what is known around it, and adds layers to its track.
The same decorators serve a layer of one's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from chainrule.layers.base import Layer
from chainrule.losses import Loss

Function = TypeVar("Function", bound=Callable[..., Any])

READERS: dict[str, Callable[..., Any]] = {}
JOINERS: dict[str, Callable[..., Any]] = {}
WRITERS: dict[type[Layer], Callable[..., Any]] = {}
LINKS: dict[type[Loss], Callable[..., Any]] = {}
FAMILIES = (
    "linear",
    "images",
    "activations",
    "normalization",
    "shaping",
    "entrance",
    "estimators",
    "branches",
    "links",
)


def writes(*layers: type[Layer]) -> Callable[[Function], Function]:
    """Register the function that writes these layers as ONNX nodes."""

    def register(function: Function) -> Function:
        WRITERS.update(dict.fromkeys(layers, function))
        return function

    return register


def reads(*operators: str) -> Callable[[Function], Function]:
    """Register the function that reads these operators, with the rest of their inputs constant."""

    def register(function: Function) -> Function:
        READERS.update(dict.fromkeys(operators, function))
        return function

    return register


def joins(*operators: str) -> Callable[[Function], Function]:
    """Register the function that reads these operators where branches meet in them."""

    def register(function: Function) -> Function:
        JOINERS.update(dict.fromkeys(operators, function))
        return function

    return register


def links(*losses: type[Loss]) -> Callable[[Function], Function]:
    """Register the function that writes what turns outputs into predictions for these losses."""

    def register(function: Function) -> Function:
        LINKS.update(dict.fromkeys(losses, function))
        return function

    return register


@cache
def load_families() -> None:
    """Import the files that fill the tables."""
    for name in FAMILIES:
        import_module(f"chainrule.interop.onnx.{name}")
