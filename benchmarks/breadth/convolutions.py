"""Ways to write one convolution, side by side.

    python -m benchmarks.breadth.convolutions [BATCH]

The second convolution of the CNN, 32 to 64 channels, 3x3 on 13x13: forward, dW and dX, each alone
in a compiled loop as in a training, and PyTorch's in both layouts. Least CPU time of some runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

SIZE, KERNEL, CHANNELS, FILTERS = 13, 3, 32, 64
PLACES = SIZE - KERNEL + 1
SHIFTS = [(i, j) for i in range(KERNEL) for j in range(KERNEL)]
LOOP, RUNS = 10, 5


def parts(X: Any) -> list[Any]:
    """Return the image as seen from each position of the kernel."""
    return [X[:, i : i + PLACES, j : j + PLACES] for i, j in SHIFTS]


def windows(X: Any) -> Any:
    """Return every window as a row."""
    return jnp.concatenate(parts(X), axis=-1).reshape(-1, len(SHIFTS) * CHANNELS)


def strips(X: Any) -> Any:
    """Return windows along rows only: (m, size, places, kernel · c)."""
    return jnp.concatenate([X[:, :, j : j + PLACES] for j in range(KERNEL)], axis=-1)


def side_by_side(W: Any) -> Any:
    """Return W with the kernel's rows next to each other: (kernel · c, kernel · filters)."""
    return W.reshape(KERNEL, -1, FILTERS).transpose(1, 0, 2).reshape(-1, KERNEL * FILTERS)


def forward_windows(X: Any, W: Any) -> Any:
    return windows(X) @ W


def forward_strips(X: Any, W: Any) -> Any:
    S = strips(X)
    G = (S.reshape(-1, S.shape[-1]) @ side_by_side(W)).reshape(*S.shape[:3], KERNEL, FILTERS)
    return sum(G[:, i : i + PLACES, :, i] for i in range(KERNEL))


def forward_shifts(X: Any, W: Any) -> Any:
    pieces = W.reshape(len(SHIFTS), CHANNELS, FILTERS)
    return sum(p.reshape(-1, CHANNELS) @ w for p, w in zip(parts(X), pieces, strict=True))


def forward_lax(X: Any, W: Any) -> Any:
    K = W.reshape(KERNEL, KERNEL, CHANNELS, FILTERS)
    return lax.conv_general_dilated(
        X, K, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def dw_windows(X: Any, dY: Any) -> Any:
    return windows(X).T @ dY.reshape(-1, FILTERS)


def dw_strips(X: Any, dY: Any) -> Any:
    moved = [
        jnp.pad(dY, ((0, 0), (i, KERNEL - 1 - i), (0, 0), (0, 0))).reshape(-1, FILTERS)
        for i in range(KERNEL)
    ]
    G = strips(X).reshape(-1, KERNEL * CHANNELS).T @ jnp.concatenate(moved, axis=-1)
    return G.reshape(-1, KERNEL, FILTERS).transpose(1, 0, 2)


def dw_shifts(X: Any, dY: Any) -> Any:
    D = dY.reshape(-1, FILTERS)
    return jnp.concatenate([p.reshape(-1, CHANNELS).T @ D for p in parts(X)])


def dx_fold(dY: Any, W: Any) -> Any:
    P = (dY.reshape(-1, FILTERS) @ W.T).reshape(*dY.shape[:3], KERNEL, KERNEL, CHANNELS)
    n = KERNEL - 1
    rows = [
        sum(jnp.pad(P[:, :, :, i, j], ((0, 0), (0, 0), (j, n - j), (0, 0))) for j in range(KERNEL))
        for i in range(KERNEL)
    ]
    return sum(jnp.pad(r, ((0, 0), (i, n - i), (0, 0), (0, 0))) for i, r in enumerate(rows))


def dx_lax(dY: Any, W: Any) -> Any:
    K = W.reshape(KERNEL, KERNEL, CHANNELS, FILTERS)[::-1, ::-1]
    pads = [(KERNEL - 1, KERNEL - 1)] * 2
    return lax.conv_general_dilated(dY, K, (1, 1), pads, dimension_numbers=("NHWC", "HWOI", "NHWC"))


def least(call: Callable[[], Any]) -> float:
    """Return the least CPU seconds of some calls, after one that compiles."""
    call()
    times = []
    for _ in range(RUNS):
        started = process_time()
        call()
        times.append(process_time() - started)
    return min(times)


def ours(form: Callable[..., Any], first: Any, second: Any) -> float:
    """Return the CPU seconds of one form, in a loop whose turns wait for each other."""
    shape = jax.eval_shape(form, first, second).shape

    @jax.jit
    def loop(a: Any, b: Any) -> Any:
        def turn(_: Any, last: Any) -> Any:
            return form(a.at[0, 0, 0, 0].add(0 * last.ravel()[0]), b)

        return lax.fori_loop(0, LOOP, turn, jnp.zeros(shape))

    return least(lambda: loop(first, second).block_until_ready()) / LOOP


def theirs(X: Any, dY: Any, layout: Any) -> tuple[float, float]:
    """Return PyTorch's CPU seconds forward, and backward for dW, db and dX together."""
    import torch

    def image(A: Any) -> Any:
        return torch.tensor(np.array(A)).permute(0, 3, 1, 2).contiguous(memory_format=layout)

    layer = torch.nn.Conv2d(CHANNELS, FILTERS, KERNEL).to(memory_format=layout)
    x, d = image(X).requires_grad_(), image(dY)
    forward = least(lambda: layer(x))
    return forward, least(lambda: layer(x).backward(d)) - forward


def main() -> None:
    batch = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    rng = np.random.default_rng(0)
    draw = partial(rng.standard_normal, dtype=np.float32)
    X, dY = (jnp.array(draw((batch, n, n, c))) for n, c in ((SIZE, CHANNELS), (PLACES, FILTERS)))
    W = jnp.array(draw((len(SHIFTS) * CHANNELS, FILTERS)))
    groups: dict[str, tuple[tuple[Callable[..., Any], ...], tuple[Any, Any]]] = {
        "forward": ((forward_windows, forward_strips, forward_shifts, forward_lax), (X, W)),
        "dW": ((dw_windows, dw_strips, dw_shifts), (X, dY)),
        "dX": ((dx_fold, dx_lax), (dY, W)),
    }
    for what, (forms, given) in groups.items():
        expected = np.asarray(forms[0](*given)).ravel()
        for form in forms:
            off = np.abs(np.asarray(form(*given)).ravel() - expected).max()
            name = form.__name__.partition("_")[2]
            print(f"{what:8} {name:8} {1e6 * ours(form, *given):7.0f} µs, differs by {off:.0e}")
    try:
        import torch
    except ImportError:
        return
    for layout in (torch.contiguous_format, torch.channels_last):
        forward, backward = (1e6 * s for s in theirs(X, dY, layout))
        print(f"PyTorch, {layout}: forward {forward:.0f} µs, backward {backward:.0f} µs")


if __name__ == "__main__":
    main()
