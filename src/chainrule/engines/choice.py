"""Which engine runs, and why: a cost model of counts, never a timing.

A choice that came from a stopwatch would change from run to run, and with it the bits of the
result. So the estimate uses counts alone: steps, multiply-adds and arrays touched. Its constants
were fitted once, on two cores (docs/speed.md); the choice only has to be right where the two
engines differ much.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from typing import NamedTuple

from chainrule.engines.base import Engine
from chainrule.engines.flat import LARGEST
from chainrule.engines.numpy_engine import NumpyEngine
from chainrule.errors import EngineError, MissingExtraError, unknown_name

NAMES = ("auto", "numpy", "xla", "xla:cpu", "xla:gpu", "xla:tpu")
INSTALL = 'engine "xla" needs JAX: pip install "chainrule[xla]"'


class Work(NamedTuple):
    """What a training is made of. `parameters` counts numbers, `arrays` the arrays they form."""

    steps: int
    batch_size: int
    parameters: int
    arrays: int
    layers: int

    @property
    def flops(self) -> float:
        """Floating-point operations of a step: 2 forward and 4 backward for each weight."""
        return 6.0 * self.batch_size * self.parameters


class Choice(NamedTuple):
    """The engine, and the reason in one line."""

    engine: Engine
    reason: str


def seconds_on_numpy(work: Work) -> float:
    """Estimate: calls that cost the same whatever their size, products, and the update's passes.

    Of a small network the calls are recorded, and cost less than half.
    """
    calls = 15e-6 + 12e-6 * work.layers + 8e-6 * work.arrays
    calls *= 0.45 if work.parameters <= LARGEST else 1.0
    return work.steps * (calls + work.flops / 160e9 + work.parameters * 3e-9)


def seconds_on_xla(work: Work) -> float:
    """Estimate: import and compilation once, then little besides the products."""
    start = 1.1 + 0.05 * work.layers
    return start + work.steps * (8e-6 + work.flops / 190e9 + work.parameters * 0.4e-9)


def choose(name: str, work: Work | None = None) -> Choice:
    """Return the engine called `name`, or for "auto" the one that should be done first.

    Raises ConfigurationError for a name that is not known, MissingExtraError without JAX,
    EngineError for a device that is not there.

    >>> choose("auto", Work(40, 32, 500, 4, 3)).reason
    'numpy: estimated 0.0 s, against 1.3 s on xla with its compilation'
    """
    if name not in NAMES:
        raise unknown_name("engine", name, NAMES)
    if name == "numpy":
        return Choice(NumpyEngine(), "numpy")
    installed = find_spec("jax") is not None
    if name == "auto":
        if not installed:
            return Choice(NumpyEngine(), 'numpy (for large work: pip install "chainrule[xla]")')
        if work is None:
            return Choice(NumpyEngine(), "numpy")
        device = sys.modules.get("chainrule.engines.device")
        if device is not None and device.forked():
            return Choice(NumpyEngine(), "numpy: a forked process cannot use xla")
        ours, theirs = seconds_on_numpy(work), seconds_on_xla(work)
        if ours <= theirs:
            reason = f"estimated {ours:.1f} s, against {theirs:.1f} s on xla with its compilation"
            return Choice(NumpyEngine(), f"numpy: {reason}")
        reason = f"estimated {theirs:.1f} s with its compilation, against {ours:.1f} s on numpy"
        return _xla("", f"xla: {reason}")
    if not installed:
        raise MissingExtraError(INSTALL)
    return _xla(name.partition(":")[2], name)


def _xla(platform: str, reason: str) -> Choice:
    try:
        from chainrule.engines.xla_engine import engine_in
    except ImportError as error:
        raise EngineError(f"JAX is installed but does not import: {error}") from None
    engine = engine_in(os.getpid(), platform)
    several = f"; on {engine.mesh.size} devices" if engine.mesh.size > 1 else ""
    return Choice(engine, reason + several)
