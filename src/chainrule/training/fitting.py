"""`fit`, once its data are checked: the plan, the engine, the callbacks, and what broke."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from traceback import print_exc
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from chainrule.errors import ConfigurationError, MissingExtraError
from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.metrics import Asked, asked_metrics, measure, scores
from chainrule.network import Network
from chainrule.sharding import WITH_COMM, Alone
from chainrule.step import Data, State, Task
from chainrule.stored import Stored
from chainrule.training.callbacks.base import Callback, Training
from chainrule.training.divergence import advice, locate
from chainrule.training.history import History
from chainrule.training.loop import DivergenceError, train
from chainrule.training.plan import Plan
from chainrule.training.progress import Verbosity, progress
from chainrule.training.signals import ENDING
from chainrule.training.start import start, work
from chainrule.training.weighting import ClassWeight, weighted

if TYPE_CHECKING:
    from chainrule.model import Model

ADDED_AT_ONCE = 1 << 20  # samples of a minibatch


def fit(
    model: Model,
    task: Task,
    data: Data,
    validation: Data | None,
    plan: Plan,
    epochs: int,
    *,
    callbacks: Iterable[Callback],
    verbose: Verbosity,
    engine: str,
    class_weight: ClassWeight | None = None,
    augment: Any = None,
    metrics: Iterable[Asked] = (),
    comm: Any = None,
) -> History:
    """Train `model` on data that are checked and encoded; see `Model.fit`."""
    if epochs < 0:
        raise ConfigurationError(f"epochs must be 0 or more, got {epochs}")
    assert model.built is not None
    assert model.targets is not None
    targets, asked = model.targets, asked_metrics(metrics, model.targets.kind)
    if class_weight is not None:
        data = weighted(data, targets, class_weight)
    if augment is not None:
        task = task._replace(augment=checked(augment, model.built.input_shape))
    history, comm = model.history, connected(model, comm)
    model.shards = max(model.shards, shards_for(model.built, task.dtype, plan.batch_size))
    counts = work(model.built, plan, epochs)
    run, live, history.engine = start(
        engine, task, data, plan, model.state, counts, model.shards, comm
    )
    history.stopped = None
    training = Training(model, epochs, plan.samples, plan.batch_size, history)
    training.first = training.epoch = history.epochs
    training.step = int(model.state.step)
    training.facts = facts(task, data, plan)
    if model.shards > 1:
        training.facts["shards"] = model.shards
    training.data, training.validation = data, validation
    training.comm = Alone() if comm is None else comm
    training.leader = training.comm.rank == 0
    callbacks = [c for c in in_order(callbacks) if training.leader or not c.leader_only]
    training.callbacks = [*callbacks, *progress(verbose if training.leader else 0)]

    def keep(state: State) -> None:
        model.hold(run, state)

    def validate(state: State) -> dict[str, float]:
        held = data if validation is None else validation
        if validation is None and not asked:
            return {}
        held = held.with_answers()
        Z = run.outputs(state, held.X)
        found = measure(asked, targets, task.loss, Z, held)
        if validation is None:
            return found
        found = scores(task.loss, Z, held) | found
        return {f"validation_{name}": value for name, value in found.items()}

    try:
        train(training, run, live, plan, validate, keep)
    except DivergenceError as error:
        where = locate(task, data, run.finish(error.state), error.indices)
        mend = advice(model.built.places, data)
        if training.saved:
            mend += f". The last good checkpoint: {training.saved}"
        raise error.explained(where, mend) from None
    except Exception:
        if comm is not None and comm.size > 1:  # the others would wait for this one for ever
            print_exc()
            comm.abort(1)
        raise
    finally:
        _ = model.state  # bring the last state home
    if verbose and training.leader:
        from chainrule.doctor.callback import note

        note(training)
    if training.signal in ENDING:
        raise SystemExit(128 + training.signal)  # as the system asked, now that all is saved
    return history


def connected(model: Model, comm: Any) -> Any:
    """Return the processes that train together (None: this one alone); settle the shards."""
    if comm is None:
        return None
    if isinstance(comm, str):
        if comm == "mpi":
            from chainrule.scale.mpi import connect as joined
        elif comm == "jax":
            joined = joined_by_jax()
        else:
            raise ConfigurationError(f'comm must be "mpi", "jax" or None, got {comm!r}')
        comm = joined()
    if model.shards == 1 and not comm.one_mesh:
        model.shards = WITH_COMM
    return comm


def joined_by_jax() -> Any:
    """Return what joins processes by `jax.distributed`; raise MissingExtraError without JAX."""
    try:
        from chainrule.engines.hosts import connect
    except ImportError as error:
        raise MissingExtraError(f'comm="jax": pip install "chainrule[xla]" ({error})') from None
    return connect


def shards_for(network: Network, dtype: str, batch_size: int) -> int:
    """Return into how many shards a minibatch is cut so that no float32 sum over it saturates.

    A sum of equal terms stands still at 2²⁴ of them, where the next is half a unit in the last
    place, and loses digits long before; so no more than 2²⁰ are added one after the other, and the
    shards' sums in a tree. Statistics of a whole minibatch (BatchNorm) leave it whole.
    """
    if dtype != "float32" or batch_size <= ADDED_AT_ONCE:
        return 1
    whole = any(type(place.layer).advance is not Layer.advance for place in network.places)
    return 1 if whole else -(-batch_size // ADDED_AT_ONCE)


def facts(task: Task, data: Data, plan: Plan) -> dict[str, Any]:
    """Return what must be the same when a training is resumed, besides the model itself."""
    return {
        "samples": plan.samples,
        "batch_size": plan.batch_size,
        "shuffle": plan.shuffle,
        "augment": getattr(task.augment, "__qualname__", None) or repr(task.augment),
        "data": fingerprint(data),
    }


def fingerprint(data: Data) -> int:
    """Return a number for the data set: of 256 samples, and of all targets and weights in memory.

    >>> x = np.arange(6.0).reshape(3, 2)
    >>> fingerprint(Data(x, x)) == fingerprint(Data(x + 1, x))
    False
    """
    rows = np.linspace(0, len(data.X) - 1, min(len(data.X), 256)).astype(int)
    targets = data.targets[rows] if isinstance(data.targets, Stored) else data.targets
    parts = [data.X[rows], targets] + ([] if data.weights is None else [data.weights])
    total = 0
    for part in parts:
        total = crc32(np.asarray(part, order="C").tobytes(), crc32(str(part.dtype).encode(), total))
    return total


def checked(augment: Any, shape: Shape) -> Any:
    """Return `augment` if it can be applied to samples of this shape.

    Raises ConfigurationError for what is no function of samples and rng, ShapeError for flat data.
    """
    from chainrule.augmentation import Augment, Warp  # only here, to keep the import cheap

    if not callable(augment) or isinstance(augment, type | Warp):
        hint = f": did you mean Augment({augment!r})?" if isinstance(augment, Warp) else ""
        raise ConfigurationError(
            f"augment must be an Augment or a function of samples and rng, got {augment!r}{hint}"
        )
    if isinstance(augment, Augment):
        augment.check(shape)
    return augment


def in_order(callbacks: Iterable[Callback]) -> Sequence[Callback]:
    """Return the callbacks as given, those that come last (a checkpoint sees all) at the end.

    Raises ConfigurationError for anything that is no callback.
    """
    given = list(callbacks)
    for callback in given:
        if not isinstance(callback, Callback):
            hint = f": did you mean {callback.__name__}()?" if isinstance(callback, type) else ""
            raise ConfigurationError(f"callbacks must be Callbacks, got {callback!r}{hint}")
    return sorted(given, key=lambda callback: callback.runs_last)
