"""XLA on one thread, for steps so small that its threads cost more than they bring.

JAX starts XLA once, with a thread for each processor, and XLA hands parts of a step to another
thread however small they are. A hand-over costs some microseconds, and far more where the other
thread sleeps: on two processors a step of 20-64-64-2 took 62 µs with two threads and 42 with one
(docs/speed.md). XLA reads the number of threads when it starts; so this is a second start of it,
beside JAX's own. The rule goes by counts and the size of a cache, never by a clock: a seed gives
the same bits whatever else the machine does.
"""

from __future__ import annotations

import os
from typing import Any

from chainrule.engines.threads import largest_product
from chainrule.initializers import Shape
from chainrule.machine import second_cache, threads
from chainrule.step import State, Task
from chainrule.tree import flatten

PRODUCT = 8.5e6  # floating-point operations of the largest product that one thread does as fast
CACHE = 0.6  # of a processor's own cache: what parameters and gradients may fill


def is_small(task: Task, state: State, shape: Shape, batch_size: int) -> bool:
    """Say whether one thread makes a step as fast as several do.

    Two processors have two caches; so where one does not hold parameters and gradients, as with
    784-128-10 and 1 MiB, two threads are faster though the products are small.

    >>> import chainrule as cr
    >>> for units in (32, 512):
    ...     model = cr.Model(cr.Dense(units), cr.SquaredError(), input_shape=(784,))
    ...     print(is_small(model.task, model.state, (784,), 32))
    True
    False
    """
    held = 2 * sum(leaf.nbytes for leaf in flatten(state.params).values())
    return (
        held <= CACHE * second_cache()
        and largest_product(task.network, shape, batch_size) <= PRODUCT
    )


def one_thread_device() -> Any | None:
    """Return a CPU device whose programs have one thread; None where JAX has none other.

    None as well where this JAX offers no way to start XLA again: its own device does, slower.
    """
    before = os.environ.get("NPROC")
    if threads() == 1 or before == "1":
        return None
    try:
        from jaxlib import xla_client

        os.environ["NPROC"] = "1"
        make: Any = xla_client.make_cpu_client
        return make().local_devices()[0]
    except (ImportError, AttributeError, TypeError):  # JAX makes no promise about it
        return None
    finally:
        if before is None:
            os.environ.pop("NPROC", None)
        else:
            os.environ["NPROC"] = before
