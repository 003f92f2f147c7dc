"""Model: a network, a loss and an optimizer, with parameters that learn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.bound import Bound, Notation
from chainrule.engines import choose
from chainrule.engines.numpy_engine import outputs
from chainrule.inputs import as_samples, check_finite
from chainrule.layers.base import INFERENCE, Layer
from chainrule.losses import Loss
from chainrule.metrics import Asked, asked_metrics, measure, scores
from chainrule.model_data import encoded, look, prepare, stored_samples
from chainrule.namespace import Array
from chainrule.optimizers import Optimizer
from chainrule.randomness import Rng
from chainrule.step import Data, all_gradients, feed, predicting
from chainrule.stored import as_stored
from chainrule.summary import summary
from chainrule.surgery import activations, copy_parameters, with_head
from chainrule.targets import Targets
from chainrule.training.callbacks import Callback
from chainrule.training.fitting import fit
from chainrule.training.history import History
from chainrule.training.loop import walk
from chainrule.training.plan import Pace, Plan, split
from chainrule.training.progress import Verbosity
from chainrule.training.start import start
from chainrule.training.steps import Step
from chainrule.training.weighting import ClassWeight

if TYPE_CHECKING:
    from chainrule.explaining.explain import Explanation
    from chainrule.interop.onnx.exporting import Export


class Model(Bound):
    """A network that can be trained, asked, looked into and stored.

    `network` is a layer, mostly a Sequential; `loss` says what is minimised; `seed` decides initial
    weights, the order of samples and all else that is random. The model is built when
    `input_shape` (one sample, without the batch axis) is known: here, or at the first `fit`.
    `trainable` is a list of parameter names or patterns ("*.W"); the rest is held fixed.

    A network that ends in Softmax (or Sigmoid) and is trained on CrossEntropy (BinaryCrossEntropy)
    is computed as one with it, on logits: same value, simpler gradient; `summary()` says so.

    >>> import chainrule as cr
    >>> x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    >>> network = cr.Sequential(cr.Dense(8), cr.Tanh(), cr.Dense(2))
    >>> model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.Adam(0.1))
    >>> history = model.fit(x, y, epochs=100, batch_size=4, verbose=0)
    >>> model.predict(x)
    array([0, 1, 1, 0])
    """

    def fit(
        self,
        x: Any,
        y: Any,
        epochs: int = 1,
        batch_size: int | None = 32,
        *,
        validation_data: tuple[Any, Any] | None = None,
        validation_split: float = 0.0,
        sample_weight: Any = None,
        class_weight: ClassWeight | None = None,
        augment: Callable[[Array, Rng], Array] | None = None,
        metrics: Iterable[Asked] = (),
        callbacks: Iterable[Callback] = (),
        verbose: Verbosity = "auto",
        engine: str = "auto",
        shuffle: bool = True,
        comm: Any = None,
    ) -> History:
        """Train for some epochs and return the curves; a second call goes on where this ended.

        `batch_size=None` takes all samples at once, 1 one by one. Validation comes from
        `validation_data`, or from a share `validation_split` that the seed draws. `class_weight`
        ({label: weight} or "balanced") multiplies the weight of each sample; `augment` changes the
        samples of each step (see `chainrule.augmentation`); `metrics` are measured after each
        epoch, on the validation data or else on the training data (see `chainrule.metrics`).
        `comm="mpi"` shares every minibatch among the processes of `mpirun` (docs/scaling.md).
        `verbose` is 0 (silent), 1 (a bar), 2 (a line per epoch) or "auto". Ctrl-C ends the
        training and keeps the weights. Raises ShapeError and DataError before anything is trained,
        and DivergenceError, with the last finite weights kept, when the loss is no longer a number.
        """
        data = self._prepare(x, y, sample_weight)
        validation = None
        if validation_data is not None:
            validation = self._prepare(*validation_data, name="validation ")
        elif validation_split:
            kept, held_out = split(len(data.X), validation_split, self.seed)
            data, validation = data.part(kept), data.part(held_out)
        look(self, data)
        plan = Plan.of(len(data.X), batch_size, self.seed, shuffle)
        return fit(
            self, self.task, data, validation, plan, epochs, class_weight=class_weight,
            augment=augment, metrics=metrics, callbacks=callbacks, verbose=verbose, engine=engine,
            comm=comm,
        )  # fmt: skip

    def adapt(self, x: Any) -> None:
        """Let the input layers (Standardize, Normalize, OneHot) learn from `x`, and forget before.

        `fit` does so by itself the first time, with its training data.
        """
        X = as_samples(x, None if self.built is None else self.built.input_shape)
        check_finite(X, "x")
        if self.built is None:
            self.build(X.shape[1:])
        fresh = self._network().initial_running(self.dtype)
        running = self.trained_layer.adapt(fresh, X.astype(self.dtype))
        self._state = self.state._replace(running=running)

    def steps(
        self, x: Any, y: Any, epochs: int = 1, batch_size: int | None = 32, *, shuffle: bool = True
    ) -> Iterator[Step]:
        """Train step by step: yield a `Step` after every update, with all there is to see.

        >>> import chainrule as cr
        >>> model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.SGD(0.1))
        >>> for step in model.steps(np.array([[1.0], [2.0]]), np.array([2.0, 4.0]), epochs=2):
        ...     print(step.number, step.epoch, sorted(step.gradients))
        1 0 ['W', 'X', 'b']
        2 1 ['W', 'X', 'b']
        """
        data = self._prepare(x, y)
        look(self, data)
        n = len(data.X)
        plan = Plan.of(n, batch_size, self.seed, shuffle)
        run, state, _ = start("numpy", self.task, data, plan, self.state)
        first = self.history.epochs
        for chunk in walk(run, state, plan, range(first, first + epochs), Pace(fixed=1)):
            self._state = run.finish(chunk.after)
            chunk = chunk._replace(before=run.finish(chunk.before), after=self._state)
            yield Step(self.task, data, chunk)

    def outputs(self, x: Any, engine: str = "numpy") -> Array:
        """Return the raw output Z (m, outputs): logits, where the loss takes them."""
        x = encoded(self, x)
        stored = as_stored(x)
        if stored is not None:  # read in blocks, each of them checked
            X: Any = stored_samples(self, stored, self._network().input_shape, "x")
        else:
            X = as_samples(x, self._network().input_shape)
            self.trained_layer.check_input(X, "x")
        Z = self._apply(X, engine)
        if not isfinite(np.vdot(Z, Z)):  # of math, twice as fast as numpy's
            if stored is None:
                check_finite(X, "x")
            check_finite(Z, "the network's output")
        return Z

    def predict(self, x: Any, engine: str = "numpy") -> Array:
        """Return the answers: labels for classes, 0/1 for flags, values for a regression."""
        Z = self.outputs(x, engine)
        loss = self.trained_loss
        targets = self.targets or Targets.assumed(loss, Z.shape[1], self.classes)
        return targets.decode(Z, loss)

    def predict_proba(self, x: Any, engine: str = "numpy") -> Array:
        """Return probabilities (m, outputs): the loss's own link applied to the output."""
        return self.trained_loss.predictions(self.outputs(x, engine))

    def evaluate(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        engine: str = "numpy",
        metrics: Iterable[Asked] = (),
    ) -> dict[str, float]:
        """Return {"loss": ..., "accuracy": ...} on other data, and the metrics that are asked for.

        There is an accuracy where there are classes.
        """
        data = self._prepare(x, y, sample_weight).with_answers()
        Z = self._apply(data.X, engine)
        assert self.targets is not None
        asked = asked_metrics(metrics, self.targets.kind)
        return scores(self.trained_loss, Z, data) | measure(
            asked, self.targets, self.trained_loss, Z, data
        )

    def _apply(self, X: Array, engine: str) -> Array:
        state = predicting(self.optimizer, self.state)
        if engine == "numpy":  # the short way: one row takes 10 µs
            return outputs(self.trained_layer, state, X, self.dtype)
        return choose(engine).engine.outputs(self.trained_layer, state, X, self.dtype)

    def gradients(self, x: Any, y: Any, sample_weight: Any = None) -> dict[str, Array]:
        """Return ∂J/∂p for every parameter under its dotted name, and ∂J/∂X under "X".

        J is the loss of these samples at the present parameters, in inference mode.
        """
        data = self._prepare(x, y, sample_weight)
        batch = feed(self.task, data, np.arange(len(data.X)))
        return all_gradients(self.task, self.state.params, self.state.running, batch, INFERENCE)

    def explain(
        self,
        x: Any,
        y: Any,
        *,
        board: Any = "rows",
        notation: Notation | None = None,
        form: str = "matrix",
        focus: str | None = None,
        sample: str = "",
    ) -> Explanation:
        """Return the maths of this very pass, forward and backward; see `chainrule.explain`."""
        from chainrule.explaining.explain import explain

        return explain(
            self, x, y, board=board, notation=notation, form=form, focus=focus, sample=sample
        )

    def activations(self, x: Any) -> dict[str, Array]:
        """Return what every layer makes of `x`, under its path: "0", "1", "2.0".

        In inference mode, as `predict` computes it; the last one is what `predict_proba` returns.

        >>> import chainrule as cr
        >>> network = cr.Sequential(cr.Dense(3), cr.ReLU(), cr.Dense(2))
        >>> model = cr.Model(network, cr.SquaredError(), input_shape=(4,))
        >>> {path: Y.shape for path, Y in model.activations(np.ones((5, 4))).items()}
        {'0': (5, 3), '1': (5, 3), '2': (5, 2)}
        """
        return activations(self, x)

    def copy_parameters(self, source: Model, *patterns: str) -> list[str]:
        """Take over parameters from another model by name; return the names.

        Without patterns: all that both have in the same shape. With patterns, those of `source`
        that they mean, and each must fit. A layer's running statistics come with its parameters.
        Raises ConfigurationError when there is nothing to copy, ShapeError for a shape.
        """
        return copy_parameters(self, source, patterns)

    def with_head(
        self,
        *head: Layer,
        loss: Loss | None = None,
        optimizer: Optimizer | None = None,
        classes: Iterable[str] | None = None,
    ) -> Model:
        """Return a new model with this one's trunk and another head, for another task.

        The trunk is everything before the last layer with parameters; it comes with what it
        has learnt. `freeze` it, train the head, `unfreeze` and train on. Loss and
        optimizer are this model's unless given. Raises ConfigurationError unless the network is a
        Sequential with a trunk.

        >>> import chainrule as cr
        >>> network = cr.Sequential(cr.Dense(8), cr.ReLU(), cr.Dense(10))
        >>> model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
        >>> model.with_head(cr.Dense(3)).network
        Sequential(Dense(8), ReLU(), Dense(3))
        """
        return with_head(self, head, loss, optimizer, classes)

    def summary(self) -> str:
        """Return a table: layers, output shapes, parameters, work and memory, initial weights.

        Multiply-adds are those of one sample's forward pass, in the products with weights; memory
        is that of one sample's output, which training keeps for the way back.
        """
        return summary(self)

    def save(self, path: str | Path) -> None:
        """Write everything into one safetensors file, atomically; see `chainrule.load`."""
        from chainrule.model_file import save

        save(self, Path(path))

    def export_onnx(self, path: str | Path, x: Any = None, opset: int = 20) -> Export:
        """Write an ONNX file, and compare it with onnxruntime on `x`; see docs/onnx.md."""
        from chainrule.interop.onnx.exporting import export_onnx

        return export_onnx(self, path, x, opset)

    def _repr_html_(self) -> str:
        from chainrule.notebook import model_html

        return model_html(self)

    def _prepare(self, x: Any, y: Any, weight: Any = None, name: str = "") -> Data:
        return prepare(self, x, y, weight, name)
