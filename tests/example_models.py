"""Every row of the table of example layers as a model whose output is (m, k)."""

from __future__ import annotations

from typing import Any

import chainrule as cr
import example_layers
from arrays import as_type
from chainrule.tree import map_leaves
from example_layer import Example

EXAMPLES = [e for e in example_layers.LAYERS if not e.training]


def model_of(example: Example, dtype: str = "float32", *after: cr.Layer) -> cr.Model:
    """Return an example layer, then Flatten and what is given, with no weight that is 0."""
    network = cr.Sequential(example.layer, cr.Flatten(), *after)
    model = cr.Model(network, cr.SquaredError(), input_shape=example.shape, dtype=dtype)
    if example.seen is not None:
        model.adapt(example.seen.astype(dtype))
        running: Any = model.state.running
    else:
        running = map_leaves(lambda a: abs(a + 0.25), dict(model.state.running))
    params = map_leaves(lambda a: a + 0.125, model.state.params)
    model.restore(
        model.state._replace(params=as_type(params, dtype), running=as_type(running, dtype))
    )
    return model
