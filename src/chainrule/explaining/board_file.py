"""A network as it stands on a board, in a TOML file: sizes, weights, sample, learning rate.

    sizes = [2, 2, 1]                    # inputs, hidden units, outputs
    activations = ["sigmoid", "sigmoid"] # one for each layer; one word for all; "identity" for none
    loss = "half-squared-error"          # see LOSSES
    learning_rate = 0.5
    notation = "columns"                 # how the weights below lie: rows, columns or transposed
    x = [0.7, 0.6]                       # one sample, or a list of samples
    y = [0.2]                            # its target: numbers, or the number of a class

    [weights]                            # what is left out is drawn from `seed`
    W1 = [[-0.8, 0.3], [0.5, -1]]
    b1 = [0.3, 0.1]

Further keys: `board` (a preset's name, or a table [board] of settings), `reduction` ("mean" or
"sum" over the samples), `fixed` (names that do not learn) and `seed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from chainrule.building import LOSSES as COMMON
from chainrule.building import OUTPUT_ACTIVATIONS, named
from chainrule.errors import ChainruleError, ConfigurationError, DataError, unknown_name
from chainrule.explaining.board import Board, board_from_data, board_named
from chainrule.layers import Dense, Identity, Sequential
from chainrule.losses import Loss, SquaredError
from chainrule.model import Model
from chainrule.namespace import Array
from chainrule.optimizers import SGD

LOSSES: dict[str, Callable[..., Loss]] = {
    **COMMON,
    "half-squared-error": SquaredError,
    "sum-squared-error": lambda **options: SquaredError("sum", **options),
    "mean-squared-error": lambda **options: SquaredError("mean", **options),
}
KEYS = (
    "sizes", "activations", "loss", "learning_rate", "notation", "board", "x", "y", "weights",
    "reduction", "fixed", "seed",
)  # fmt: skip

MOST_WEIGHTS = 4_000_000  # more than anybody writes down

BUILT_IN: dict[str, Any] = {
    "sizes": [2, 2, 1],
    "activations": ["sigmoid", "sigmoid"],
    "loss": "half-squared-error",
    "learning_rate": 0.5,
    "notation": "columns",
    "board": "rows",
    "x": [0.7, 0.6],
    "y": [0.2],
    "weights": {
        "W1": [[-0.8, 0.3], [0.5, -1.0]], "b1": [0.3, 0.1], "W2": [[1.5, -1.2]], "b2": [0.2],
    },
}  # fmt: skip


class Drawn(NamedTuple):
    """A network, its samples and targets, and the board that it stands on."""

    model: Model
    x: Array
    y: Any
    board: Board


def read_board(path: Path) -> Drawn:
    """Return what a TOML file describes.

    Raises DataError for a file that is no TOML, ConfigurationError for what it says.
    """
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: no TOML: {error}") from None
    try:
        return drawn(data, str(path))
    except ChainruleError as error:
        if str(path) in str(error):
            raise
        raise ConfigurationError(f"{path}: {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigurationError(f"{path}: a value of the wrong kind ({error})") from None


def drawn(data: Mapping[str, Any], where: str = "the board") -> Drawn:
    """Return the network that a table describes; `where` begins its error messages.

    >>> drawn(BUILT_IN).model.trained_layer
    Sequential(Dense(2), Sigmoid(), Dense(1), Sigmoid())
    """
    for key in data:
        if key not in KEYS:
            raise unknown_name(f"setting in {where}", key, KEYS)
    for key in ("sizes", "x", "y"):
        if key not in data:
            raise ConfigurationError(f"{where}: {key} is missing")
    sizes = data["sizes"]
    if not (isinstance(sizes, list) and len(sizes) > 1 and all(type(n) is int for n in sizes)):
        raise ConfigurationError(
            f"{where}: sizes must be whole numbers, inputs first, such as [2, 2, 1], got {sizes!r}"
        )
    count = sum(before * units for before, units in pairwise(sizes))
    if count > MOST_WEIGHTS:
        raise ConfigurationError(
            f"{where}: sizes {sizes} mean {count:,} weights; a board has {MOST_WEIGHTS:,} at most"
        )
    notation = data.get("notation", "rows")
    board = data.get("board", notation)
    loss = named("loss", data.get("loss", "half-squared-error"), LOSSES)
    layers = network(sizes, data.get("activations", "sigmoid"), where)
    code_names = names_in_code(layers, sizes)
    fixed = [code_name(name, code_names, where) for name in data.get("fixed", [])]
    model = Model(
        layers,
        LOSSES[loss](reduction=data.get("reduction", "mean")),
        SGD(data.get("learning_rate", 0.5)),
        data.get("seed", 0),
        (sizes[0],),
        dtype="float64",
        trainable=[n for n in code_names.values() if n not in fixed] if fixed else None,
    )
    given = {code_name(n, code_names, where): v for n, v in data.get("weights", {}).items()}
    model.set_parameters(given, notation=notation)
    x, y = samples(data["x"], data["y"], model.loss, where)
    return Drawn(model, x, y, board_named(board) if isinstance(board, str) else
                 board_from_data(board))  # fmt: skip


def network(sizes: list[int], activations: str | list[str], where: str) -> Sequential:
    """Return Dense layers, each followed by its activation."""
    count = len(sizes) - 1
    words = [activations] * count if isinstance(activations, str) else activations
    if not isinstance(words, list) or len(words) != count:
        raise ConfigurationError(
            f"{where}: activations must be one word, or one for each of the {count} layers, "
            f"got {activations!r}"
        )
    layers = []
    for units, word in zip(sizes[1:], words, strict=True):
        activation = OUTPUT_ACTIVATIONS[named("activation", word, OUTPUT_ACTIVATIONS)]()
        layers += [Dense(units)] + ([] if isinstance(activation, Identity) else [activation])
    return Sequential(*layers)


def names_in_code(layers: Sequential, sizes: list[int]) -> dict[str, str]:
    """Return the code's names by the board's: W1 is 0.W; W alone where there is one layer.

    >>> names_in_code(network([2, 1], "sigmoid", ""), [2, 1])
    {'W1': '0.W', 'b1': '0.b', 'W': '0.W', 'b': '0.b'}
    """
    paths = [name for name, layer in layers.children if isinstance(layer, Dense)]
    names = {f"{p}{n}": f"{path}.{p}" for n, path in enumerate(paths, 1) for p in "Wb"}
    return names | ({"W": f"{paths[0]}.W", "b": f"{paths[0]}.b"} if len(sizes) == 2 else {})


def code_name(name: str, names: Mapping[str, str], where: str) -> str:
    """Return the code's name for W2."""
    if name not in names:
        raise unknown_name(f"parameter in {where}", name, names)
    return names[name]


def samples(x: Any, y: Any, loss: Loss, where: str) -> tuple[Array, Any]:
    """Return samples in rows and their targets; one sample may stand without its own brackets."""
    try:
        X = np.asarray(x, float)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{where}: x must be numbers, got {x!r}") from None
    if X.ndim == 1:
        X, y = X[None], [y]
    Y = np.asarray(y)
    if loss.task == "classes" and Y.dtype.kind == "i" and Y.ndim == 2 and Y.shape[1] == 1:
        Y = Y[:, 0]  # [1] is the class 1
    return X, Y
