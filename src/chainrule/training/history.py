"""The curves of a training: one number per epoch for each name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class History(Mapping[str, list[float]]):
    """Curves by name: "loss", "accuracy", "validation_loss", "validation_accuracy".

    `seconds` is the time of each epoch, `engine` says what ran and why, and `stopped` why the
    training ended early (None: all epochs were done).

    >>> history = History()
    >>> history.add({"loss": 0.5}, seconds=1.0)
    >>> history["loss"], history.epochs
    ([0.5], 1)
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    engine: str = ""
    stopped: str | None = None

    def add(self, values: Mapping[str, float], seconds: float) -> None:
        """Append one epoch."""
        for name, value in values.items():
            self.curves.setdefault(name, []).append(float(value))
        self.seconds.append(seconds)

    @property
    def epochs(self) -> int:
        """How many epochs are recorded."""
        return len(self.seconds)

    def __getitem__(self, name: str) -> list[float]:
        return self.curves[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    def _repr_html_(self) -> str:
        from chainrule.notebook import history_html

        return history_html(self)

    def to_config(self) -> dict[str, Any]:
        """Return the history as plain JSON values."""
        return {
            "curves": self.curves,
            "seconds": [round(s, 4) for s in self.seconds],
            "engine": self.engine,
            "stopped": self.stopped,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> History:
        """Return the history that `to_config` wrote."""
        curves = {str(n): [float(v) for v in c] for n, c in config["curves"].items()}
        return cls(curves, list(config["seconds"]), str(config["engine"]), config["stopped"])
