from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.augmentation import Augment, Elastic, Flip, Rotate, Shift, Zoom, sample
from chainrule.randomness import Rng
from small import same_bits

M = 40
ALL = [Shift(2), Rotate(15), Zoom(0.1), Flip(), Flip("vertical"), Elastic(8, 3)]


def rng(step: int = 0, seed: int = 0, m: int = M) -> Rng:
    return Rng(seed, step, np.arange(m, dtype=np.uint32))


def images(*shape: int, dtype: str = "float32") -> Any:
    return Rng(3).uniform((M, *shape)).astype(dtype)


@pytest.mark.parametrize("warp", ALL, ids=repr)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(9, 12), (9, 12, 3)])
def test_it_is_a_function_of_seed_step_and_sample(warp: Any, dtype: str, shape: Any) -> None:
    X, augment = images(*shape, dtype=dtype), Augment(warp)
    Y = augment(X, rng(1))
    assert (Y.shape, Y.dtype) == (X.shape, X.dtype)
    assert np.isfinite(Y).all()
    np.testing.assert_array_equal(Y, augment(X, rng(1)))
    assert not np.array_equal(Y, augment(X, rng(2)))
    assert not np.array_equal(Y, augment(X, rng(1, seed=9)))
    part = augment(X[10:20], Rng(0, 1, np.arange(10, 20, dtype=np.uint32)))  # as on another shard
    np.testing.assert_array_equal(part, Y[10:20])


def test_a_shift_moves_whole_pixels() -> None:
    X = np.zeros((M, 7, 7), np.float32)
    X[:, 3, 3] = 1
    Y = Augment(Shift(2))(X, rng())
    assert np.isin(Y, [0, 1]).all()
    assert (Y.sum(axis=(1, 2)) == 1).all()
    places = np.argwhere(Y)[:, 1:] - 3
    assert places.min() == -2
    assert places.max() == 2
    assert len(np.unique(places, axis=0)) > 10


def test_what_comes_in_from_outside_is_the_fill() -> None:
    Y = Augment(Shift(3), fill=0.25)(np.ones((M, 6, 6), np.float32), rng())
    assert set(np.unique(Y)) == {0.25, 1.0}


def test_a_flip_mirrors_half_of_them() -> None:
    X = images(5, 6)
    for direction, mirrored in (("horizontal", X[:, :, ::-1]), ("vertical", X[:, ::-1])):
        Y = Augment(Flip(direction))(X, rng())  # type: ignore[arg-type]
        turned = [np.array_equal(a, b) for a, b in zip(Y, mirrored, strict=True)]
        same = [np.array_equal(a, b) for a, b in zip(Y, X, strict=True)]
        assert all(t != s for t, s in zip(turned, same, strict=True))
        assert 8 < sum(turned) < 32


def test_a_rotation_is_the_textbooks() -> None:
    class Quarter(Rng):
        def uniform(self, shape: Any) -> Any:
            return np.ones(shape, np.float32)  # the largest angle

        def at(self, name: str) -> Rng:
            return self

    X = images(5, 5)
    Y = Augment(Rotate(90))(X, Quarter(0, 0, np.arange(M, dtype=np.uint32)))
    clockwise, counter = np.rot90(X, -1, axes=(1, 2)), np.rot90(X, 1, axes=(1, 2))
    errors = [np.abs(Y - turned).max() for turned in (clockwise, counter)]
    assert min(errors) < 1e-5
    assert Augment(Rotate(10))(X, rng()).std() > 0.05


def test_small_elastic_pushes_are_smooth_and_small() -> None:
    H = W = 28
    rows = np.broadcast_to(np.arange(H, dtype=np.float32)[:, None], (M, H, W))
    Y = Augment(Elastic())(np.ascontiguousarray(rows), rng())
    push = (Y - rows)[:, 8:-8, 8:-8]  # a ramp shows the displacement of its rows
    assert 0.3 < push.std() < 3
    assert np.abs(np.diff(push, axis=2)).max() < 1


def test_warps_are_chained_in_order_and_sampled_once() -> None:
    X = images(9, 9)
    chained = Augment(Shift(2), Flip())(X, rng())
    first = Augment(Shift(2))(X, rng())
    one_by_one = [first, first[:, :, ::-1]]
    matches = [[np.array_equal(a, b) for a, b in zip(chained, y, strict=True)] for y in one_by_one]
    assert all(a or b for a, b in zip(*matches, strict=True))


def test_sampling_between_pixels_is_bilinear() -> None:
    r, c = np.meshgrid(np.arange(4.0), np.arange(5.0), indexing="ij")
    plane = (2 * r + 3 * c)[None]
    rows, columns = np.array([[[0.25, 2.5]]]), np.array([[[3.75, 0.5]]])
    got = sample(plane, rows, columns, 0.0)
    np.testing.assert_allclose(got, 2 * rows + 3 * columns)


@pytest.mark.parametrize("engine", ["numpy", "xla"])
def test_training_sees_it_and_prediction_does_not(engine: str) -> None:
    if engine == "xla":
        pytest.importorskip("jax", reason="the xla extra is not installed")
    (x, y), _ = cr.data.load("digits")
    x, y = x[:60], y[:60]

    def fit(augment: Any) -> cr.Model:
        network = cr.Sequential(cr.Scale(1 / 16), cr.Flatten(), cr.Dense(10))
        model = cr.Model(network, cr.SoftmaxCrossEntropy(), cr.SGD(0.5))
        model.fit(x, y, 2, 20, augment=augment, verbose=0, engine=engine)
        return model

    one, plain = fit(Augment(*ALL)), fit(None)
    assert same_bits(one, fit(Augment(*ALL)))
    assert not same_bits(one, plain)
    nothing = fit(Augment(Shift(0)))
    np.testing.assert_allclose(nothing.parameters["2.W"], plain.parameters["2.W"], atol=1e-6)


def test_both_engines_augment_alike() -> None:
    jnp = pytest.importorskip("jax.numpy", reason="the xla extra is not installed")
    X = images(9, 12, 2)
    ours = Augment(*ALL)(X, rng())
    theirs = Augment(*ALL)(jnp.asarray(X), Rng(0, 0, jnp.arange(M, dtype=jnp.uint32)))
    np.testing.assert_allclose(ours, np.asarray(theirs), atol=2e-4)


def test_any_function_will_do() -> None:
    seen = []

    def noise(X: Any, rng: Rng) -> Any:
        seen.append(X.shape)
        return X + rng.uniform(X.shape)

    model = cr.Model(cr.Dense(1), cr.SquaredError())
    x = np.ones((6, 2))
    model.fit(x, x[:, 0], 1, 4, augment=noise, verbose=0, engine="numpy")
    assert seen == [(4, 2), (2, 2)]
    step = next(model.steps(x, x[:, 0], 1, 4))
    np.testing.assert_array_equal(step.batch.X, x[:4])  # steps() has no augmentation


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        (Shift(1), r"did you mean Augment\(Shift\(1\)\)"),
        (Augment, "augment must be an Augment"),
        (3, "augment must be an Augment"),
        (Augment(Shift(1)), r"expected images .* got \(batch, 2\): augment before Flatten"),
    ],
    ids=range(4),
)
def test_what_cannot_augment_is_refused(augment: Any, message: str) -> None:
    model, x = cr.Model(cr.Dense(1), cr.SquaredError()), np.ones((6, 2))
    with pytest.raises(cr.ChainruleError, match=message):
        model.fit(x, x[:, 0], augment=augment, verbose=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Augment(Shift), r"did you mean Shift\(...\)"),
        (lambda: Zoom(1.5), r"share must be in \[0, 1\)"),
        (lambda: Flip("sideways"), 'direction must be "horizontal" or "vertical"'),
    ],
)
def test_options_are_checked(make: Any, message: str) -> None:
    with pytest.raises(cr.ConfigurationError, match=message):
        make()


def test_it_prints_as_it_is_written() -> None:
    augment = Augment(Shift(2), Flip("vertical"), fill=0.5)
    assert repr(augment) == "Augment(Shift(2), Flip('vertical'), fill=0.5)"
    assert augment == Augment(Shift(2), Flip("vertical"), fill=0.5)
    assert hash(augment) != hash(Augment(Shift(2)))
