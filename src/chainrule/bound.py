"""What a model is made of: a network, a loss, an optimizer, and all that is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from chainrule.alignment import aligned
from chainrule.engines import Run
from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.layers.shared import tie
from chainrule.losses import Loss
from chainrule.namespace import Array
from chainrule.network import Network, check_output, fuse
from chainrule.optimizers import Adam, Optimizer
from chainrule.parameters import matching, read_only, taken
from chainrule.step import State, Task
from chainrule.targets import Targets
from chainrule.training.history import History
from chainrule.tree import flatten, map_leaves, replace

Notation = Literal["rows", "columns", "transposed"]


class Bound:
    """The half of `Model` that holds: its parts, its state, which parameters learn.

    `state` is everything that training changes, and the only thing that it does.
    """

    def __init__(
        self,
        network: Layer,
        loss: Loss,
        optimizer: Optimizer | None = None,
        seed: int = 0,
        input_shape: Shape | None = None,
        *,
        dtype: Literal["float32", "float64"] = "float32",
        trainable: Iterable[str] | None = None,
        classes: Iterable[str] | None = None,
    ) -> None:
        for value, base, name in ((network, Layer, "network"), (loss, Loss, "loss")):
            if not isinstance(value, base):
                hint = f": did you mean {value.__name__}()?" if isinstance(value, type) else ""
                raise ConfigurationError(f"{name} must be a {base.__name__}, got {value!r}{hint}")
        if dtype not in ("float32", "float64"):
            raise ConfigurationError(f'dtype must be "float32" or "float64", got {dtype!r}')
        self.network, self.loss = network, loss
        self.optimizer = Adam() if optimizer is None else optimizer
        if not isinstance(self.optimizer, Optimizer):
            raise ConfigurationError(f"optimizer must be an Optimizer, got {optimizer!r}")
        self.seed, self.dtype = seed, dtype
        self.shards = 1  # into which a minibatch is cut; see `sharding.py`
        self.classes = None if classes is None else tuple(classes)
        self._trainable = None if trainable is None else tuple(trainable)
        layer, self.trained_loss = fuse(network, loss)
        self.trained_layer = tie(layer)
        self.history = History()
        self.configuration: dict[str, Any] = {}  # what a command line asked for, kept in the file
        self.receipt: dict[str, Any] = {}  # what the bits of the training depend on
        self.targets: Targets | None = None
        self.table: Any = None  # how rows of a table become samples; see chainrule.tables
        self.built: Network | None = None
        self._state: State | None = None
        self._live: tuple[Run, State] | None = None  # a state that an engine still holds
        if input_shape is not None:
            self.build(tuple(input_shape))

    def build(self, input_shape: Shape) -> None:
        """Fix the input's shape and draw the initial parameters.

        Raises ShapeError, with the layer's place, when the shapes do not fit together.
        """
        self.built = Network(self.trained_layer, input_shape)
        check_output(self.built, self.trained_loss)
        params = self.built.initial_parameters(self.seed, self.dtype)
        running = self.built.initial_running(self.dtype)
        self._state = _placed(State(params, running, self.optimizer.init(params), 0))
        if self._trainable is not None:
            matching(self._trainable, flatten(params))

    @property
    def state(self) -> State:
        """Parameters, untrained state, optimizer state and step count, as NumPy arrays."""
        held = self._live  # looked at once, as another thread may bring it home meanwhile
        if held is not None:
            run, live = held
            self._state, self._live = _placed(run.finish(live)), None
        if self._state is None:
            raise ConfigurationError(
                "the model is not built yet: give Model(..., input_shape=...), or call fit first"
            )
        return self._state

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs: the state comes home from the engine first."""
        if self._live is not None:
            _ = self.state
        return self.__dict__.copy()

    def restore(self, state: State) -> None:
        """Continue from `state`: all that was learnt, as `state` gave it."""
        self._state, self._live = _placed(state), None

    def hold(self, run: Run, state: State) -> None:
        """Take note of a state that an engine holds; it is brought home when somebody looks."""
        self._live = (run, state)

    def _network(self) -> Network:
        _ = self.state
        assert self.built is not None
        return self.built

    @property
    def parameters(self) -> dict[str, Array]:
        """Every parameter under its dotted name ("0.W"), read-only."""
        return {name: read_only(p) for name, p in flatten(self.state.params).items()}

    def set_parameters(self, values: Mapping[str, Any], notation: Notation = "rows") -> None:
        """Set some or all parameters, without fitting.

        `notation="columns"` takes them as a board with samples in columns writes them: W (outputs,
        inputs), b (units, 1); "transposed" W (inputs, outputs), b (units, 1). Raises
        ConfigurationError for a name that does not exist, ShapeError for a shape that does not fit.
        """
        current = flatten(self.state.params)
        new = {name: taken(name, v, current, notation) for name, v in values.items()}
        slots = self.optimizer.exchanged(self.state.optimizer, new)
        params = replace(self.state.params, new)
        self._state = self.state._replace(params=params, optimizer=slots)

    @property
    def trainable(self) -> tuple[str, ...] | None:
        """Names or patterns of the parameters that learn; None: all of them.

        May be set; raises ConfigurationError for a pattern that means no parameter.
        """
        return self._trainable

    @trainable.setter
    def trainable(self, patterns: Iterable[str] | None) -> None:
        chosen = None if patterns is None else tuple(patterns)
        if chosen is not None and self.built is not None:
            matching(chosen, flatten(self.state.params))
        self._trainable = chosen

    @property
    def learning(self) -> frozenset[str]:
        """The names of the parameters that learn."""
        names = flatten(self.state.params)
        return frozenset(names) if self.trainable is None else matching(self.trainable, names)

    def freeze(self, *patterns: str) -> None:
        """Hold parameters fixed: names, patterns ("*.W"), or the paths of layers ("0", "trunk").

        They keep their values and their optimizer's averages. Running statistics are no
        parameters: a frozen BatchNorm still follows the data. Raises ConfigurationError for a
        pattern that means nothing.

        >>> import chainrule as cr
        >>> network = cr.Sequential(cr.Dense(3), cr.Tanh(), cr.Dense(2))
        >>> model = cr.Model(network, cr.SoftmaxCrossEntropy(), input_shape=(4,))
        >>> model.freeze("0")
        >>> sorted(model.learning)
        ['2.W', '2.b']
        """
        names = flatten(self.state.params)
        rest = self.learning - matching(patterns, names)
        self.trainable = [name for name in names if name in rest]

    def unfreeze(self, *patterns: str) -> None:
        """Let parameters learn again; without patterns, all of them."""
        names = flatten(self.state.params)
        chosen = self.learning | matching(patterns, names) if patterns else frozenset(names)
        self.trainable = None if len(chosen) == len(names) else [n for n in names if n in chosen]

    @property
    def task(self) -> Task:
        """What one step needs to know of the model."""
        learning = None if self.trainable is None else self.learning
        return Task(
            self.trained_layer, self.trained_loss, self.optimizer, self.seed, self.dtype, learning
        )


def _placed(state: State) -> State:
    """Return the state with parameters that XLA can use where they lie, at every prediction."""
    return state._replace(params=map_leaves(aligned, state.params))
