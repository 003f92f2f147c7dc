"""The list of planted bugs: what is wrong in each, and which gradient shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bug:
    """A student's code with one slip, and what `check` is to say about it.

    `subject` makes what is checked; `options` are handed to `check`; `gradients` are those that
    are wrong; `claim` whether a gradient is wrong or a convention differs.
    """

    name: str
    slip: str
    gradients: tuple[str, ...]
    subject: Callable[[], Any]
    claim: str = "gradient"
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.slip}: {self.name}"


BUGS: list[Bug] = []


def planted(
    slip: str, *gradients: str, claim: str = "gradient", make: Any = None, **options: Any
) -> Callable[[Any], Any]:
    """Put a class or function into the table; `make` are the arguments that the class wants."""

    def put(thing: Any) -> Any:
        arguments = () if make is None else make
        subject = (lambda: thing(*arguments)) if isinstance(thing, type) else (lambda: thing)
        BUGS.append(Bug(thing.__name__, slip, gradients, subject, claim, options))
        return thing

    return put


def planted_pair(
    name: str,
    slip: str,
    forward: Any,
    backward: Any,
    *gradients: str,
    claim: str = "gradient",
    **options: Any,
) -> None:
    """Put a pair of functions into the table."""
    BUGS.append(Bug(name, slip, gradients, lambda: (forward, backward), claim, options))
