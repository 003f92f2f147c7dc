"""The first layer's weights as images: what each unit looks for."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import ConfigurationError
from chainrule.initializers import Shape
from chainrule.namespace import Array
from chainrule.plotting.canvas import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chainrule.model import Model

TILES = 64


def image_shape(shape: Shape) -> Shape | None:
    """Return (height, width) or (height, width, 3) of an input that can be drawn, or None.

    >>> image_shape((28, 28)), image_shape((8, 8, 1)), image_shape((784,))
    ((28, 28), (8, 8), None)
    """
    if len(shape) == 2:
        return shape
    if len(shape) == 3 and shape[2] == 1:
        return shape[:2]
    return shape if len(shape) == 3 and shape[2] == 3 else None


def first_layer(model: Model) -> tuple[str, Array]:
    """Return name and images (units, height, width) of the first weights of a model on images.

    Colours are averaged. Raises ConfigurationError where the input is no image, or where its
    pixels do not go straight into a dense layer.
    """
    assert model.built is not None
    shape = image_shape(model.built.input_shape)
    if shape is None:
        raise ConfigurationError(
            f"the weights can be drawn only where the input is an image (height, width), "
            f"but it is {model.built.input_shape}"
        )
    name, W = next(((n, p) for n, p in model.parameters.items() if n.endswith("W")), ("", None))
    if W is None or W.ndim != 2 or W.shape[0] != int(np.prod(shape)):
        raise ConfigurationError("the pixels do not go straight into a Dense layer")
    images = W.T.reshape(-1, *shape)
    return name, images.mean(axis=3) if len(shape) == 3 else images


def first_weights(model: Model, count: int = TILES) -> Figure:
    """Draw up to `count` units of the first layer, those with the largest weights first.

    Blue is negative, white 0, red positive, in one scale for all tiles. Raises
    ConfigurationError where the input is no image.
    """
    name, images = first_layer(model)
    units = len(images)
    strongest = np.argsort(-np.linalg.norm(images.reshape(units, -1), axis=1), kind="stable")
    shown = np.sort(strongest[:count])
    columns = min(len(shown), max(1, ceil(sqrt(len(shown) * 1.6))))
    rows = ceil(len(shown) / columns)
    figure = new_figure(max(4.2, 0.68 * columns + 0.9), 0.72 * rows + 0.7)
    limit = float(np.quantile(np.abs(images[shown]), 0.995)) or 1.0
    grid = figure.subplots(rows, columns, squeeze=False)
    drawn: Any = None
    for ax, unit in zip(grid.flat, shown.tolist(), strict=False):
        drawn = ax.imshow(images[unit], cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.text(
            0.04, 0.95, str(unit), transform=ax.transAxes, va="top", fontsize=5.5, color="#4b5563"
        )
    for ax in grid.flat:
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set_color("#d1d5db")
    for ax in list(grid.flat)[len(shown) :]:
        ax.set_visible(False)
    figure.colorbar(drawn, ax=grid, fraction=0.03, aspect=30, pad=0.02).ax.tick_params(labelsize=7)
    of = f"{units} units" if len(shown) == units else f"the {len(shown)} strongest of {units} units"
    figure.suptitle(f"{name}: {of}", fontsize=11, x=0.01, ha="left")
    return figure
