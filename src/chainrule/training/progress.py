"""Progress on stderr: a bar in a terminal, one plain line per epoch elsewhere."""

from __future__ import annotations

import sys
from typing import Any, Literal

from chainrule.errors import ConfigurationError
from chainrule.training.callbacks import Callback, Training

Verbosity = Literal["auto", 0, 1, 2]
SHORT = {
    "loss": "loss",
    "accuracy": "accuracy",
    "validation_loss": "validation loss",
    "validation_accuracy": "accuracy",
}


def describe(values: dict[str, float]) -> str:
    """Return the values in words, training first.

    >>> describe({"loss": 0.25, "accuracy": 0.9, "validation_loss": 0.5})
    'loss 0.2500  accuracy 90.00 %  validation loss 0.5000'
    """
    shown = [
        f"{SHORT.get(name, name)} {value:.2%}".replace("%", " %")
        if name.endswith("accuracy")
        else f"{SHORT.get(name, name)} {value:.4f}"
        for name, value in values.items()
    ]
    return "  ".join(shown)


def worth_a_line(epoch: int, epochs: int) -> bool:
    """Say whether an epoch gets a line: each of up to 40, else about 20 of them and the last.

    >>> [epoch for epoch in range(1, 2001) if worth_a_line(epoch, 2000)][:3]
    [1, 100, 200]
    """
    every = 1 if epochs <= 40 else -(-epochs // 20)
    return epoch in (1, epochs) or epoch % every == 0


class LinePerEpoch(Callback):
    """One line: `epoch 3/10  loss 0.1201  validation loss 0.1405  1.2 s`."""

    def on_start(self, training: Training) -> None:
        print(training.history.engine, *training.remarks, sep="\n", file=sys.stderr)

    def on_epoch(self, training: Training) -> None:
        if not worth_a_line(training.epoch - training.first, training.epochs):
            return
        seconds = training.history.seconds[-1]
        line = (
            f"epoch {training.epoch}/{training.last}  {describe(training.values)}  {seconds:.1f} s"
        )
        print(line, file=sys.stderr, flush=True)

    def on_end(self, training: Training) -> None:
        if training.history.stopped:
            print(f"stopped: {training.history.stopped}", file=sys.stderr)


class ProgressBar(Callback):
    """A bar over all epochs with loss, validation, speed and time left; drawn by rich."""

    def on_start(self, training: Training) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.before = self._samples(training)
        self.console = Console(stderr=True)
        self.console.print(f"[dim]{training.history.engine}[/dim]")
        for remark in training.remarks:
            self.console.print(remark, highlight=False, markup=False)
        self.bar: Any = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[values]}"),
            TextColumn("[dim]{task.fields[speed]}[/dim]"),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            refresh_per_second=10,
        )
        self.task = self.bar.add_task(
            "", total=training.epochs * training.samples, epoch=self._epoch(training), values="",
            speed="",
        )  # fmt: skip
        self.bar.start()

    def _epoch(self, training: Training) -> str:
        return f"{min(training.epoch + 1, training.last)}/{training.last}"

    def _samples(self, training: Training) -> int:
        return (training.epoch - training.first) * training.samples + training.position

    def on_chunk(self, training: Training) -> None:
        done = self._samples(training)
        elapsed = self.bar.tasks[0].elapsed or 1e-9
        recent = {n: c[-1] for n, c in training.history.curves.items() if n.startswith("val")}
        self.bar.update(
            self.task,
            completed=done,
            epoch=self._epoch(training),
            values=describe(training.values | recent),
            speed=f"{(done - self.before) / elapsed:,.0f} samples/s",
        )

    def on_epoch(self, training: Training) -> None:
        if not worth_a_line(training.epoch - training.first, training.epochs):
            return
        seconds, last = training.history.seconds[-1], training.last
        self.bar.print(
            f"epoch {training.epoch:>{len(str(last))}}/{last}  {describe(training.values)}  "
            f"[dim]{seconds:.1f} s[/dim]",
            highlight=False,
        )

    def on_end(self, training: Training) -> None:
        self.bar.stop()
        if training.history.stopped:
            self.console.print(f"stopped: {training.history.stopped}", highlight=False)


def progress(verbose: Verbosity) -> list[Callback]:
    """Return the callback for `verbose`: 0 nothing, 1 a bar, 2 a line per epoch, "auto" 1 or 2."""
    if verbose not in ("auto", 0, 1, 2):
        raise ConfigurationError(f'verbose must be 0, 1, 2 or "auto", got {verbose!r}')
    if verbose == "auto":
        verbose = 1 if sys.stderr.isatty() else 2
    if verbose == 0:
        return []
    return [ProgressBar() if verbose == 1 else LinePerEpoch()]
