"""The one table of example layers. A new layer adds its row here and is tested all round."""

from __future__ import annotations

from typing import Any

import chainrule as cr
import example_layers_activations as activations
import example_layers_images as images
import example_layers_others as others
from example_layer import Example


def linear(torch: Any, p: Any, X: Any, prefix: str = "") -> Any:
    return torch.nn.functional.linear(X, p[f"{prefix}W"].T, p[f"{prefix}b"])


def classifier(torch: Any, p: Any, X: Any) -> Any:
    hidden = torch.relu(linear(torch, p, X.flatten(1) / 4, "2."))
    return torch.softmax(linear(torch, p, hidden, "4."), -1)


def nested(torch: Any, p: Any, X: Any) -> Any:
    hidden = torch.tanh(linear(torch, p, X, "0.0."))
    return torch.sigmoid(linear(torch, p, torch.tanh(linear(torch, p, hidden, "1.")), "2.1."))


LAYERS = [
    Example(cr.Dense(3), (5,), linear),
    Example(cr.Dense(1), (1,), linear),
    Example(cr.Dense(4, cr.Normal(0.5), bias_initializer=cr.Uniform(-1, 1)), (4,), linear),
    Example(cr.Identity(), (4,), lambda torch, p, X: X),
    Example(cr.Sigmoid(), (4,), lambda torch, p, X: torch.sigmoid(X)),
    Example(cr.Sigmoid(), (2, 3, 2), lambda torch, p, X: torch.sigmoid(X)),
    Example(cr.Tanh(), (4,), lambda torch, p, X: torch.tanh(X)),
    Example(cr.ReLU(), (6,), lambda torch, p, X: torch.relu(X), analytic=False),
    Example(
        cr.LeakyReLU(),
        (6,),
        lambda torch, p, X: torch.nn.functional.leaky_relu(X, 0.01),
        analytic=False,
    ),
    Example(
        cr.LeakyReLU(0.2),
        (2, 3),
        lambda torch, p, X: torch.nn.functional.leaky_relu(X, 0.2),
        analytic=False,
    ),
    Example(cr.Softmax(), (5,), lambda torch, p, X: torch.softmax(X, -1)),
    Example(cr.Scale(1 / 255), (4,), lambda torch, p, X: X / 255),
    Example(cr.Scale(-2), (2, 3), lambda torch, p, X: X * -2),
    Example(cr.Flatten(), (4,), lambda torch, p, X: X.flatten(1)),
    Example(cr.Flatten(), (2, 3, 2), lambda torch, p, X: X.flatten(1)),
    Example(cr.Sequential(), (3,), lambda torch, p, X: X),
    Example(
        cr.Sequential(
            cr.Flatten(), cr.Scale(0.25), cr.Dense(5), cr.ReLU(), cr.Dense(3), cr.Softmax()
        ),
        (2, 3),
        classifier,
        analytic=False,
    ),
    Example(
        cr.Sequential(
            cr.Sequential(cr.Dense(4), cr.Tanh()),
            cr.Dense(3),
            cr.Sequential(cr.Tanh(), cr.Dense(2), cr.Sigmoid()),
        ),
        (3,),
        nested,
    ),
    *activations.LAYERS,
    *images.LAYERS,
    *others.LAYERS,
]
