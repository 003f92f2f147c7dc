"""When a training ends: scikit-learn's rule, as a callback, with the validation it looks at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.step import State
from chainrule.training.callbacks import Callback, Training

ScoreFunction = Callable[[State], tuple[float, float]]


class Stopping(Callback):
    """End when neither loss nor score has improved by `tol` for more than `patience` epochs.

    `validate` returns (loss, score) on the validation samples. With `by_score` the score is what
    counts, and the best epoch's parameters come back. `rate` says how the learning rate goes on:
    "constant"; "invscaling", as samples seen to the power of −power_t; "adaptive", divided by 5
    where the training would end, down to 1e-6.
    """

    def __init__(self, tol: float, patience: float, verbose: bool) -> None:
        self.tol, self.patience, self.verbose = tol, patience, verbose
        self.waited = 0
        self.best_loss, self.best_score = float("inf"), -float("inf")
        self.best: Any = None
        self.losses: list[float] = []
        self.scores: list[float] = []
        self.validation_losses: list[float] = []
        self.seen, self.samples = 0, 0
        self.initial, self.rate, self.power, self.factor = 1.0, "constant", 0.5, 1.0
        self.by_score = False
        self.validate: ScoreFunction | None = None
        self.converged = False

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "validate": None}  # a closure over the data

    def begin(self, initial: float, rate: str, power: float, fresh: bool) -> None:
        """Get ready for another call of fit; a fresh optimizer has its initial learning rate."""
        self.initial, self.rate, self.power, self.converged = initial, rate, power, False
        self.factor = 1.0 if fresh else self.factor

    def on_start(self, training: Training) -> None:
        self.samples = training.samples
        if self.rate != "constant":
            training.state = training.state._replace(factor=self.factor)

    def on_epoch(self, training: Training) -> None:
        loss = training.values["loss"]
        self.losses.append(loss)
        self.seen += self.samples
        if self.verbose:
            print(f"Iteration {training.epoch - training.first}, loss = {loss:.8f}")
        if self.validate is not None:
            validation_loss, score = self.validate(training.state)
            self.validation_losses.append(validation_loss)
            self.scores.append(score)
            if self.verbose:
                print(f"Validation score: {score:f}")
        self._count(training, loss)
        before = self.factor
        if self.rate == "invscaling":
            self.factor = 1 / (self.seen + 1) ** self.power
        if self.waited > self.patience:
            if self.rate == "adaptive" and self.factor * self.initial > 1e-6:
                self.factor, self.waited = self.factor / 5, 0
            else:
                self.converged = True
                what = "Validation score" if self.by_score else "Training loss"
                training.stop(
                    f"{what} did not improve more than tol={self.tol:f} for {self.patience} "
                    f"consecutive epochs"
                )
        if self.factor != before:
            training.state = training.state._replace(factor=self.factor)

    def _count(self, training: Training, loss: float) -> None:
        if not self.by_score:
            self.waited = self.waited + 1 if loss > self.best_loss - self.tol else 0
            self.best_loss = min(loss, self.best_loss)
            return
        score = self.scores[-1]
        self.waited = self.waited + 1 if score < self.best_score + self.tol else 0
        if score > self.best_score:
            state = training.state
            self.best_score, self.best = score, (state.params, state.running)

    def on_end(self, training: Training) -> None:
        if self.by_score and self.best is not None:
            params, running = self.best
            training.state = training.state._replace(params=params, running=running)
