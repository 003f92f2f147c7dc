from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.description import from_config, to_config

Maker = Callable[[Any, Any], Any]


def scheduler(name: str, *arguments: Any, **options: Any) -> Maker:
    return lambda torch, o: getattr(torch.optim.lr_scheduler, name)(o, *arguments, **options)


def warm_cosine(torch: Any, o: Any) -> Any:
    s = torch.optim.lr_scheduler
    warm = s.LinearLR(o, start_factor=0.1, total_iters=8)
    return s.SequentialLR(o, [warm, s.CosineAnnealingLR(o, 52)], milestones=[8])


# The schedule, the rate that PyTorch starts from, and its scheduler.
TABLE: list[tuple[cr.Schedule, float, Maker]] = [
    (cr.StepDecay(0.5, every=7), 0.5, scheduler("StepLR", 7)),
    (cr.StepDecay(0.2, every=3, factor=0.9), 0.2, scheduler("StepLR", 3, gamma=0.9)),
    (cr.ExponentialDecay(0.1, factor=0.97), 0.1, scheduler("ExponentialLR", 0.97)),
    (cr.ExponentialDecay(0.1, every=5, factor=0.5), 0.1, scheduler("ExponentialLR", 0.5**0.2)),
    (cr.PolynomialDecay(0.3, 40), 0.3, scheduler("PolynomialLR", 40)),
    (cr.PolynomialDecay(0.3, 40, power=2.0), 0.3, scheduler("PolynomialLR", 40, power=2.0)),
    (
        cr.PolynomialDecay(0.3, 40, end=0.03),
        0.3,
        scheduler("LinearLR", start_factor=1.0, end_factor=0.1, total_iters=40),
    ),
    (cr.Cosine(0.1, 60, end=0.01), 0.1, scheduler("CosineAnnealingLR", 60, eta_min=0.01)),
    (
        cr.Cosine(0.1, 9, restarts=True),
        0.1,
        scheduler("CosineAnnealingWarmRestarts", 9),
    ),
    (
        cr.Cosine(0.1, 7, end=0.02, restarts=True, growth=2),
        0.1,
        scheduler("CosineAnnealingWarmRestarts", 7, T_mult=2, eta_min=0.02),
    ),
    (cr.WarmUp(8, cr.Cosine(0.1, 52), start=0.1), 0.1, warm_cosine),
    (
        cr.WarmUp(8, 0.3, start=0.25),
        0.3,
        scheduler("LinearLR", start_factor=0.25, total_iters=8),
    ),
    (cr.OneCycle(0.4, 60), 0.4, scheduler("OneCycleLR", 0.4, total_steps=60)),
    (
        cr.OneCycle(0.4, 60, rise=0.5, divide=10, final=100),
        0.4,
        scheduler(
            "OneCycleLR", 0.4, total_steps=60, pct_start=0.5, div_factor=10, final_div_factor=100
        ),
    ),
]
every_row = pytest.mark.parametrize(
    ("schedule", "rate", "maker"),
    TABLE,
    ids=lambda v: "" if callable(v) and not isinstance(v, cr.Schedule) else repr(v),
)
every_schedule = pytest.mark.parametrize("schedule", [row[0] for row in TABLE], ids=repr)


def test_every_exported_schedule_has_a_row() -> None:
    classes = {c for c in vars(cr).values() if isinstance(c, type) and issubclass(c, cr.Schedule)}
    assert {type(row[0]) for row in TABLE} == classes - {cr.Schedule}


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's, on its own way of calling them
@every_row
def test_the_rates_are_pytorchs(schedule: cr.Schedule, rate: float, maker: Maker) -> None:
    torch = pytest.importorskip("torch")
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=rate)
    theirs = maker(torch, optimizer)
    for step in range(60):
        if isinstance(schedule, cr.Cosine) and not schedule.restarts and step > schedule.steps:
            break  # PyTorch's rises again
        now = optimizer.param_groups[0]["lr"]
        assert float(schedule(step)) == pytest.approx(now, rel=1e-9, abs=1e-15), step
        if step < 59:
            optimizer.step()
            theirs.step()


@every_schedule
def test_a_compiled_step_gets_the_same_rate(schedule: cr.Schedule) -> None:
    jax = pytest.importorskip("jax")
    steps = [0, 1, 7, 8, 9, 20, 21, 59]
    compiled = jax.jit(schedule)
    theirs = [float(compiled(np.int32(step))) for step in steps]
    largest = float(schedule(8)) + float(schedule(20))
    np.testing.assert_allclose(theirs, [schedule(s) for s in steps], rtol=2e-5, atol=1e-6 * largest)


@every_schedule
@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_a_model_trains_on_it_in_its_own_type(schedule: cr.Schedule, engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax")
    x = np.random.default_rng(0).normal(size=(40, 3))
    model = cr.Model(cr.Dense(1), cr.SquaredError(), cr.Adam(schedule))
    model.fit(x, x.sum(axis=1), epochs=3, batch_size=10, engine=engine, verbose=0)
    assert model.parameters["W"].dtype == np.float32


@every_schedule
def test_it_survives_its_repr_and_a_model_file(schedule: cr.Schedule) -> None:
    assert eval(repr(schedule), dict(vars(cr))) == schedule
    assert from_config(to_config(schedule)) == schedule
    assert from_config(to_config(cr.Adam(schedule)), cr.Optimizer) == cr.Adam(schedule)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: cr.Cosine(-1.0, 10), "Cosine: rate must be a number of 0 or more, got -1.0"),
        (lambda: cr.Cosine(1.0, 0), "Cosine: steps must be a number of steps, at least 1, got 0"),
        (lambda: cr.Cosine(1.0, 5, restarts=True, growth=0), "growth must be a positive integer"),
        (lambda: cr.StepDecay(1.0, 0), "StepDecay: every must be a number of steps"),
        (lambda: cr.WarmUp(0, 1.0), "WarmUp: steps"),
        (lambda: cr.OneCycle(1.0, 100, rise=1.0), "OneCycle: rise must be a share"),
        (lambda: cr.ExponentialDecay("fast"), "rate must be a number"),  # type: ignore[arg-type]
    ],
)
def test_values_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        make()
