"""One thread at a time is in a turn; none waits for ever, not even in a forked process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import numpy_engine, turns
from chainrule.engines.turns import TURN, Turn, turn


class Held:
    """The turn of all predictions, which another thread has."""

    def __init__(self) -> None:
        self.other = ThreadPoolExecutor(1)
        self.other.submit(TURN.__enter__).result()
        self.held = True

    def release(self) -> None:
        if self.held:
            self.other.submit(TURN.__exit__).result()
            self.other.shutdown()
        self.held = False


@pytest.fixture
def taken() -> Iterator[Held]:
    held = Held()
    yield held
    held.release()


def test_one_thread_at_a_time_and_all_come_to_their_turn() -> None:
    own, inside, most = Turn(), [0], [0]

    def work(_: int) -> None:
        for _ in range(5):
            with own:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                sleep(0.0002)
                inside[0] -= 1

    with ThreadPoolExecutor(4) as four:
        list(four.map(work, range(4)))
    assert (most, inside) == ([1], [0])


def test_a_turn_is_passed_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), turn(True):
        1 / 0  # noqa: B018
    with ThreadPoolExecutor(1) as other:
        assert other.submit(TURN.own.acquire, False).result()
        other.submit(TURN.own.release).result()


def test_little_work_takes_turns_and_a_single_row_does_not(taken: Held) -> None:
    model = cr.Model(cr.Dense(2), cr.SquaredError(), input_shape=(3,))
    assert model.predict(np.ones((1, 3))).shape == (1, 2)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(model.predict, np.ones((2, 3)))
        sleep(0.02)
        assert not waiting.done()
        taken.release()
        assert waiting.result(1).shape == (2, 2)


FORKED = """
import os, threading
from chainrule.engines.turns import TURN

other = threading.Thread(target=TURN.__enter__)
other.start()
other.join()
child = os.fork()
if child == 0:
    os._exit(0 if TURN.own.acquire(blocking=False) else 1)
print(os.waitpid(child, 0)[1], TURN.own.acquire(blocking=False))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
def test_a_forked_process_does_not_wait_for_a_thread_that_it_has_not() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True)
    assert done.stdout.split() == ["0", "False"]


def test_one_engine_asks_for_turns_where_products_have_several_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(numpy_engine, "turn", lambda needed: (asked.append(needed), turns.FREE)[1])
    model = cr.Model(cr.Dense(2), cr.SquaredError(), input_shape=(300,))
    for threads, rows in ((1, 10), (1, 100), (2, 100)):
        monkeypatch.setattr(numpy_engine, "count", lambda threads=threads: threads)
        model.predict(np.ones((rows, 300)))
    assert asked == [True, False, True]
