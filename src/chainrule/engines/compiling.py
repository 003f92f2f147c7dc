"""How programs are compiled: on a CPU with options that suit the network, elsewhere as XLA does."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax

from chainrule.engines.device import threads_of_xla
from chainrule.initializers import Shape
from chainrule.layers.base import Layer
from chainrule.namespace import BARRIERS
from chainrule.tree import flatten

BARRIERS["jax.numpy"] = jax.lax.optimization_barrier
ALWAYS = {
    # XLA updates a loop's weights in place, but first copies those that the same pass also reads,
    # unless it is asked to see whether the reading is over: 7 % of a step of 784-512-512-10.
    "xla_cpu_copy_insertion_use_region_analysis": True,
    # Else it drops a barrier (`namespace.whole`) before it decides what to compute for each reader.
    "xla_disable_hlo_passes": "cse_barrier_expander",
}
# Its highest level unrolls loops more. Convolutions gain an eighth by it, all else loses.
UNROLLED_LESS = {"xla_backend_optimization_level": 2}
# Its library adds up the rows of a large array faster than XLA's own loops; not of a small matrix.
SUMS_IN_LOOPS = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}


def traced(function: Callable[..., Any], threads: str = "", **how: Any) -> Any:
    """Return `jax.jit(function, **how)` with the number of threads in its name.

    Those of XLA in this process, unless others are said. A CPU's program is cut into parts for its
    threads when it is compiled, which JAX's cache on disk does not see: it would give a program for
    one thread to two, and a step of 784-128-10 take half as long again.

    >>> traced(abs, "8").lower(1).compile().as_text().split(",")[0]
    'HloModule jit_abs_on_8_threads'
    """

    def named(*arguments: Any) -> Any:
        return function(*arguments)

    name = getattr(function, "func", function).__name__  # of a partial, its function's
    named.__name__ = f"{name}_on_{threads or threads_of_xla()}_threads"
    return jax.jit(named, **how)


def options(network: Layer, shape: Shape) -> dict[str, Any]:
    """Return the options for a CPU; docs/speed.md has what each brings.

    >>> from chainrule.layers import Dense
    >>> options(Dense(3), (8,)).keys() - ALWAYS.keys() == {*UNROLLED_LESS, *SUMS_IN_LOOPS}
    True
    """
    vectors = all(len(place.output_shape) == 1 for place in network.walk(shape))
    less = {} if slides(network, shape) else UNROLLED_LESS
    return ALWAYS | less | (SUMS_IN_LOOPS if vectors else {})


def compiled(lowered: Any, device: Any, options: dict[str, Any]) -> Any:
    """Return the program; without the options where the device or this XLA has none such."""
    if device.platform != "cpu":
        return lowered.compile()
    try:
        return lowered.compile(options)
    except jax.errors.JaxRuntimeError as error:
        if not knows_no_such(error):
            raise
        return lowered.compile()


def knows_no_such(error: Exception) -> bool:
    """Say whether XLA may have refused an option rather than failed.

    >>> knows_no_such(RuntimeError("INVALID_ARGUMENT: No such compile option: 'x'"))
    True
    """
    return "INVALID_ARGUMENT" in str(error)


def traced_with(
    options: dict[str, Any], device: Any, function: Callable[..., Any], **how: Any
) -> Callable[..., Any]:
    """Return `traced(function, **how)` to be compiled with options, as `compiled` does it."""
    plain = traced(function, **how)
    if device.platform != "cpu":
        return plain
    programs = [traced(function, compiler_options=options, **how)]

    def run(*arguments: Any) -> Any:
        try:
            return programs[0](*arguments)
        except jax.errors.JaxRuntimeError as error:
            if not knows_no_such(error) or programs[0] is plain:
                raise
            programs[0] = plain
            return plain(*arguments)

    return run


def slides(network: Layer, shape: Shape) -> bool:
    """Say whether a matrix of weights is used at many places of a sample, as in a convolution.

    >>> from chainrule.layers import Conv2D, Dense, Flatten, Sequential
    >>> slides(Sequential(Conv2D(4, 3), Flatten(), Dense(3)), (8, 8, 1))
    True
    >>> slides(Dense(3), (8,))
    False
    """
    return any(
        place.layer.multiply_adds(place.input_shape) > sum(prod(s.shape) for s in specs)
        for place in network.walk(shape)
        if (specs := flatten(place.layer.parameters(place.input_shape)).values())
    )
