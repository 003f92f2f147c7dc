"""Images changed a little at every step of a training, so that the network sees more of them.

    augment = cr.augmentation.Augment(Rotate(10), Shift(2), Elastic())
    model.fit(x, y, epochs=20, augment=augment)

A warp says for each pixel of the new image where in the old one it comes from. Warps are chained,
and the image is sampled once, between its pixels (bilinear). How far a sample is turned or moved is
a hash of (seed, step, sample), computed in the array's own namespace: the same on both engines, and
in a resumed training. Only training sees it, never validation or prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from chainrule.description import Description
from chainrule.errors import ConfigurationError, ShapeError
from chainrule.namespace import Array, array_namespace
from chainrule.randomness import Rng


@dataclass(frozen=True, repr=False, eq=False)
class Warp(Description):
    """Base of the warps."""

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        """Return where each pixel comes from: rows and columns (m, H, W), in pixels.

        `rows` and `columns`, of this shape or one that broadcasts to it, are the places so far.
        """
        raise NotImplementedError


def centre(rows: Array, columns: Array) -> tuple[float, float]:
    """Return the centre of the image from places that broadcast to (m, H, W)."""
    _, H, W = np.broadcast_shapes(rows.shape, columns.shape)
    return (H - 1) / 2, (W - 1) / 2


@dataclass(frozen=True, repr=False, eq=False)
class Shift(Warp):
    """Move by up to `pixels` whole pixels, up or down and left or right.

    >>> Shift(2)
    Shift(2)
    """

    pixels: int

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        u = rng.uniform((m, 2))
        by = array_namespace(u).floor(u * (2 * self.pixels + 1)) - self.pixels
        return rows - by[:, 0, None, None], columns - by[:, 1, None, None]


@dataclass(frozen=True, repr=False, eq=False)
class Rotate(Warp):
    """Turn about the centre by up to `degrees`, either way.

    >>> Rotate(10)
    Rotate(10)
    """

    degrees: float

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        angle = (2 * rng.uniform((m, 1, 1)) - 1) * np.float32(np.deg2rad(self.degrees))
        xp = array_namespace(angle)
        cos, sin = xp.cos(angle), xp.sin(angle)
        y0, x0 = centre(rows, columns)
        y, x = rows - y0, columns - x0
        return y0 + cos * y - sin * x, x0 + sin * y + cos * x


@dataclass(frozen=True, repr=False, eq=False)
class Zoom(Warp):
    """Enlarge or shrink about the centre, by a factor in [1 − share, 1 + share].

    >>> Zoom(0.1)
    Zoom(0.1)
    """

    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ConfigurationError(f"Zoom: share must be in [0, 1), got {self.share}")

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        factor = 1 + (2 * rng.uniform((m, 1, 1)) - 1) * np.float32(self.share)
        y0, x0 = centre(rows, columns)
        return y0 + (rows - y0) / factor, x0 + (columns - x0) / factor


@dataclass(frozen=True, repr=False, eq=False)
class Flip(Warp):
    """Mirror every second image or so, left to right ("horizontal") or upside down ("vertical").

    >>> Flip()
    Flip()
    """

    direction: Literal["horizontal", "vertical"] = "horizontal"

    def __post_init__(self) -> None:
        if self.direction not in ("horizontal", "vertical"):
            raise ConfigurationError(
                f'Flip: direction must be "horizontal" or "vertical", got {self.direction!r}'
            )

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        turned = rng.uniform((m, 1, 1)) < np.float32(0.5)
        xp = array_namespace(turned)
        y0, x0 = centre(rows, columns)
        if self.direction == "horizontal":
            return rows, xp.where(turned, np.float32(2 * x0) - columns, columns)
        return xp.where(turned, np.float32(2 * y0) - rows, rows), columns


@dataclass(frozen=True, repr=False, eq=False)
class Elastic(Warp):
    """Push every pixel a little, neighbours alike: uniform noise, smoothed by a Gaussian.

    The displacement is `alpha` · (noise in [−1, 1] convolved with a Gaussian of width `sigma`
    pixels). Source: Simard, Steinkraus and Platt, "Best practices for convolutional neural
    networks", ICDAR 2003 (σ = 4, α = 34 for 28 x 28 digits).

    >>> Elastic()
    Elastic()
    """

    alpha: float = 34.0
    sigma: float = 4.0

    def source(self, rows: Array, columns: Array, rng: Rng, m: int) -> tuple[Array, Array]:
        _, H, W = np.broadcast_shapes(rows.shape, columns.shape)
        noise = 2 * rng.uniform((m, 2, H, W)) - 1
        # a separable convolution is two matrix products
        field = self._gaussian(H) @ noise @ self._gaussian(W).T * np.float32(self.alpha)
        return rows + field[:, 0], columns + field[:, 1]

    def _gaussian(self, n: int) -> Array:
        distance = np.arange(n)[:, None] - np.arange(n)[None, :]
        kernel = np.exp(-(distance**2) / (2 * self.sigma**2)) / (np.sqrt(2 * np.pi) * self.sigma)
        return kernel.astype(np.float32)


@dataclass(frozen=True, repr=False, init=False)
class Augment(Description):
    """Warp each image of a batch (m, H, W) or (m, H, W, channels); outside of it is `fill`.

    The first warp given is the first applied. Raises ShapeError for anything but images.

    >>> augment = Augment(Shift(1), Flip())
    >>> augment(np.ones((5, 8, 8)), Rng(0, 0, np.arange(5, dtype=np.uint32))).shape
    (5, 8, 8)
    """

    warps: tuple[Warp, ...]
    fill: float = 0.0

    def __init__(self, *warps: Warp, fill: float = 0.0) -> None:
        for warp in warps:
            if not isinstance(warp, Warp):
                hint = f": did you mean {warp.__name__}(...)?" if isinstance(warp, type) else ""
                raise ConfigurationError(
                    f"Augment takes warps such as Shift(2), got {warp!r}{hint}"
                )
        object.__setattr__(self, "warps", tuple(warps))
        object.__setattr__(self, "fill", fill)

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Augment:
        """Return it from its stored fields."""
        return cls(*fields["warps"], fill=fields["fill"])

    def __repr__(self) -> str:
        parts = [repr(warp) for warp in self.warps] + ([f"fill={self.fill}"] if self.fill else [])
        return f"Augment({', '.join(parts)})"

    def check(self, shape: tuple[int, ...]) -> None:
        """Raise ShapeError unless samples of this shape are images."""
        if len(shape) not in (2, 3):
            got = ", ".join(map(str, ("batch", *shape)))
            raise ShapeError(
                f"expected images (batch, height, width[, channels]), got ({got}): augment before "
                f"Flatten(), on data that are not flat",
                self,
            )

    def __call__(self, X: Array, rng: Rng) -> Array:
        """Return the warped images, in the dtype of X."""
        self.check(X.shape[1:])
        m, H, W = X.shape[:3]
        xp = array_namespace(X)
        rows = xp.arange(H, dtype=xp.float32)[None, :, None]
        columns = xp.arange(W, dtype=xp.float32)[None, None, :]
        for i, warp in reversed(list(enumerate(self.warps))):  # from the new image to the old
            rows, columns = warp.source(rows, columns, rng.at(str(i)), m)
        places = xp.zeros((m, H, W), xp.float32)
        return sample(X, rows + places, columns + places, self.fill)


def sample(X: Array, rows: Array, columns: Array, fill: float) -> Array:
    """Return the images X (m, H, W, ...) at places (m, H', W') between pixels, bilinearly.

    >>> X = np.array([[[0.0, 10.0], [20.0, 30.0]]])
    >>> half = np.full((1, 1, 1), 0.5, np.float32)
    >>> sample(X, half, half, fill=0.0).item()
    15.0
    """
    xp = array_namespace(X)
    m, H, W = X.shape[:3]
    pixels = X.reshape(m * H * W, *X.shape[3:])
    first = (xp.arange(m, dtype=xp.int32) * (H * W))[:, None, None]
    top, left = xp.floor(rows), xp.floor(columns)
    down, right = rows - top, columns - left
    total: Any = 0
    for i, vertical in ((0, 1 - down), (1, down)):
        for j, horizontal in ((0, 1 - right), (1, right)):
            r, c = top + i, left + j
            inside = (r >= 0) & (r < H) & (c >= 0) & (c < W)
            r, c = xp.clip(r, 0, H - 1), xp.clip(c, 0, W - 1)
            index = first + (r * W + c).astype(xp.int32)
            value = xp.take(pixels, index, axis=0, mode="clip")
            weight = (vertical * horizontal).astype(X.dtype)
            if X.ndim == 4:
                weight, inside = weight[..., None], inside[..., None]
            total = total + weight * xp.where(inside, value, xp.asarray(fill, dtype=X.dtype))
    return total
