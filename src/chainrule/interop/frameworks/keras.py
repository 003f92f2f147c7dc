"""Layers in Keras: one table. Channels come last there too, so hardly a weight is rearranged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from chainrule.bound import Bound
from chainrule.interop.frameworks.losses import loss_code
from chainrule.interop.frameworks.translation import (
    Rearrange,
    Translation,
    Turn,
    as_it_is,
    home_of,
    no_code,
    values,
)
from chainrule.interop.program import Operation, Program
from chainrule.layers import (
    ELU,
    GELU,
    SELU,
    AveragePool,
    BatchNorm,
    Clip,
    Concatenate,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePool,
    Layer,
    LayerNorm,
    LeakyReLU,
    LogSoftmax,
    MaxPool,
    Mish,
    Normalize,
    OneHot,
    PReLU,
    ReLU,
    Reshape,
    Residual,
    Scale,
    Sigmoid,
    SiLU,
    Slice,
    Softmax,
    Softplus,
    Softsign,
    Standardize,
    Sum,
    Tanh,
)
from chainrule.layers.windows import Pads

# Keras has no layer that does just this; the code brings its own.
OWN = {
    Standardize: '''class Rescaled(keras.layers.Layer):
    """(X - shift) / spread, with numbers that are not trained."""

    def build(self, shape):
        for name in ("shift", "spread"):
            w = self.add_weight(name=name, shape=(shape[-1],), initializer="ones", trainable=False)
            setattr(self, name, w)

    def call(self, X):
        return (X - self.shift) / self.spread
''',
    OneHot: '''class OneHot(keras.layers.Layer):
    """A 1 where a column holds a known value, 0 elsewhere."""

    def __init__(self, categories, **options):
        super().__init__(**options)
        self.categories = categories

    def build(self, shape):
        for name, size in (("values", (shape[-1], self.categories)), ("known", (shape[-1],))):
            w = self.add_weight(name=name, shape=size, initializer="ones", trainable=False)
            setattr(self, name, w)

    def call(self, X):
        known = keras.ops.arange(self.categories) < keras.ops.expand_dims(self.known, -1)
        hit = keras.ops.logical_and(keras.ops.expand_dims(X, -1) == self.values, known)
        hot = keras.ops.cast(hit, X.dtype)
        return keras.ops.reshape(hot, (-1, self.values.shape[0] * self.categories))
''',
}
OWN[Normalize] = OWN[Standardize]


class Built(NamedTuple):
    """A layer there: its constructor without the name, or a function of {x}; and its weights."""

    code: str
    weights: tuple[tuple[str, str, Rearrange], ...] = ()
    before: str = ""  # what is done to {x} first
    named: bool = True  # a constructor, which takes a name


Maker = Callable[[Operation], Built]


def _function(call: Callable[[Layer], str]) -> Maker:
    return lambda op: Built(f"keras.activations.{call(op.layer)}", named=False)


def _plain(name: str, *letters: tuple[str, str]) -> Maker:
    weights = tuple((ours, theirs, as_it_is) for ours, theirs in letters)
    return lambda op: Built(f"keras.layers.{name}", weights)


def _padded(pads: Pads, value: str = "0.0") -> str:
    if not any(map(any, pads)):
        return ""
    return f"keras.ops.pad({{x}}, {((0, 0), *pads, (0, 0))}, constant_values={value})"


def _dense(op: Operation) -> Built:
    weights = (("W", "kernel", as_it_is), ("b", "bias", as_it_is))
    return Built(f"keras.layers.Dense({op.shape[0]}", weights)


def _convolution(op: Operation) -> Built:
    layer = op.layer
    assert isinstance(layer, Conv1D | Conv2D)
    kernel, stride, pads = layer.windows
    shape = (*kernel, op.shapes[0][-1], layer.filters)
    weights = (("W", "kernel", lambda W: W.reshape(shape)), ("b", "bias", as_it_is))
    same = layer.padding == "same"
    code = f"keras.layers.Conv{len(kernel)}D({layer.filters}, {kernel}, strides={stride}"
    return Built(
        code + (', padding="same"' if same else ""), weights, "" if same else _padded(pads)
    )


def _pooling(name: str, value: str) -> Maker:
    def built(op: Operation) -> Built:
        assert isinstance(op.layer, MaxPool | AveragePool)
        kernel, stride, pads = op.layer.windows(len(op.shape) - 1)
        code = f"keras.layers.{name}Pooling{len(kernel)}D({kernel}, strides={stride}"
        return Built(code, before=_padded(pads, value))

    return built


def _clip(op: Operation) -> Built:
    assert isinstance(op.layer, Clip)
    return Built(f"keras.ops.clip({{x}}, {op.layer.low!r}, {op.layer.high!r})", named=False)


def _global(op: Operation) -> Built:
    return Built(f"keras.layers.GlobalAveragePooling{len(op.shapes[0]) - 1}D(")


def _batch_norm(op: Operation) -> Built:
    assert isinstance(op.layer, BatchNorm)
    names = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "variance": "moving_variance"}
    weights = tuple((ours, theirs, as_it_is) for ours, theirs in names.items())
    options = f"momentum={1 - op.layer.momentum!r}, epsilon={op.layer.eps!r}"
    return Built(f"keras.layers.BatchNormalization({options}", weights)


def _layer_norm(op: Operation) -> Built:
    assert isinstance(op.layer, LayerNorm)
    weights = (("gamma", "gamma", as_it_is), ("beta", "beta", as_it_is))
    return Built(f"keras.layers.LayerNormalization(epsilon={op.layer.eps!r}", weights)


def _prelu(op: Operation) -> Built:
    assert isinstance(op.layer, PReLU)
    axes = len(op.shape) if op.layer.shared else len(op.shape) - 1
    shape = (*(1 for _ in range(len(op.shape) - 1)), -1)
    shared = list(range(1, axes + 1)) or None
    weights = (("a", "alpha", lambda a: a.reshape(shape)),)
    return Built(f"keras.layers.PReLU(shared_axes={shared}", weights)


def _embedding(op: Operation) -> Built:
    assert isinstance(op.layer, Embedding)
    code = f"keras.layers.Embedding({op.layer.tokens}, {op.layer.units}"
    return Built(code, (("W", "embeddings", as_it_is),))


def _rescaling(op: Operation) -> Built:
    return Built("Rescaled(", (("shift", "shift", as_it_is), ("spread", "spread", as_it_is)))


def _one_hot(op: Operation) -> Built:
    assert isinstance(op.layer, OneHot)
    weights = (("values", "values", as_it_is), ("known", "known", as_it_is))
    return Built(f"OneHot({op.layer.categories}", weights)


KERAS: dict[type[Layer], Maker] = {
    Dense: _dense,
    Conv1D: _convolution,
    Conv2D: _convolution,
    MaxPool: _pooling("Max", 'float("-inf")'),
    AveragePool: _pooling("Average", "0.0"),
    GlobalAveragePool: _global,
    Flatten: _plain("Flatten("),
    Reshape: lambda op: Built(f"keras.layers.Reshape({op.shape}"),
    Slice: lambda op: Built(f"{{x}}[..., {op.layer.start}:{op.layer.stop}]", named=False),  # type: ignore[attr-defined]
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
    PReLU: _prelu,
    Embedding: _embedding,
    Standardize: _rescaling,
    Normalize: _rescaling,
    OneHot: _one_hot,
    Dropout: lambda op: Built(f"keras.layers.Dropout({op.layer.rate!r}"),  # type: ignore[attr-defined]
    Scale: lambda op: Built(f"keras.layers.Rescaling({op.layer.factor!r}"),  # type: ignore[attr-defined]
    Softmax: _function(lambda f: "softmax({x})"),
    LogSoftmax: _function(lambda f: "log_softmax({x})"),
    Sigmoid: _function(lambda f: "sigmoid({x})"),
    Tanh: _function(lambda f: "tanh({x})"),
    ReLU: _function(lambda f: "relu({x})"),
    LeakyReLU: _function(lambda f: f"leaky_relu({{x}}, negative_slope={f.slope!r})"),  # type: ignore[attr-defined]
    ELU: _function(lambda f: f"elu({{x}}, alpha={f.alpha!r})"),  # type: ignore[attr-defined]
    SELU: _function(lambda f: "selu({x})"),
    Clip: _clip,
    SiLU: _function(lambda f: "silu({x})"),
    Mish: lambda op: Built(
        "{x} * keras.activations.tanh(keras.activations.softplus({x}))", named=False
    ),
    GELU: _function(lambda f: f"gelu({{x}}, approximate={f.approximate!r})"),  # type: ignore[attr-defined]
    Softplus: _function(lambda f: "softplus({x})"),
    Softsign: _function(lambda f: "softsign({x})"),
}


@dataclass
class KerasWriter:
    """Writes a program as a functional Keras model."""

    program: Program
    lines: list[str] = field(default_factory=list)
    turns: dict[str, Turn] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    own: dict[str, None] = field(default_factory=dict)

    def write(self, model: Bound) -> Translation:
        """Return the code and the weights' places."""
        last = "X"
        for op, inputs, last in values(self.program):
            self.add(op, inputs, last)
        shape = self.program.shapes[0]
        classes = "".join(f"{text}\n\n" for text in self.own)
        code = (
            f"import keras\n\n\n{classes}X = inputs = keras.Input({shape})\n"
            + "\n".join(self.lines)
            + f"\nmodel = keras.Model(inputs, {last})\n\n\n"
            + loss_code(model.trained_loss, "keras")
        )
        return Translation("keras", code, list(self.turns.values()))

    def add(self, op: Operation, inputs: list[str], output: str) -> None:
        """Add one operation."""
        if isinstance(op.layer, Residual | Sum):
            self.lines.append(f"{output} = {' + '.join(inputs)}")
            return
        if isinstance(op.layer, Concatenate):
            self.lines.append(f"{output} = keras.layers.Concatenate()([{', '.join(inputs)}])")
            return
        make = KERAS.get(type(op.layer))
        if make is None:
            raise no_code(op, "Keras")
        built, home, x = make(op), home_of(op), inputs[0]
        if type(op.layer) in OWN:
            self.own[OWN[type(op.layer)]] = None
        if built.before:
            self.lines.append(f"{output} = {built.before.format(x=x)}")
            x = output
        if not built.named:
            self.lines.append(f"{output} = {built.code.format(x=x)}")
            return
        comma = "" if built.code.endswith("(") else ", "
        layer = f'{built.code}{comma}name="{home}")'
        if built.weights and not home.startswith("layer"):  # serves in several places
            if home not in self.shared:
                self.lines.append(f"{home} = {layer}")
            self.shared.add(home)
            layer = home
        self.lines.append(f"{output} = {layer}({x})")
        for letter, theirs, give in built.weights:
            ours = op.arrays[letter]
            size = self.program.weights[ours].shape
            self.turns.setdefault(ours, Turn(ours, home, theirs, size, give))
