"""erf in whatever namespace the array has: NumPy has none, and JAX's is out of a layer's reach."""

from __future__ import annotations

import numpy as np

from chainrule.namespace import Array, array_namespace

# erfc(z) = t exp(−z² + P(2t − 1)) with t = 2 / (2 + z): P as a Chebyshev series, as in "Numerical
# Recipes" (3rd edition, 2007), section 6.2.2; these coefficients were computed to 40 digits.
SERIES = (
    -1.30265371978170943,
    0.64196979235649026,
    0.0194764732041858363,
    -0.00956151478680863164,
    -0.000946595344482036866,
    0.000366839497852761452,
    4.25233248069077716e-5,
    -2.02785781125342432e-5,
    -1.62429000464702551e-6,
    1.3036558355805232e-6,
    1.56264417220661432e-8,
    -8.52380959149265425e-8,
    6.5290544390988515e-9,
    5.05934349555146894e-9,
    -9.91364156493033087e-10,
    -2.27365122293183586e-10,
    9.6467911020155268e-11,
    2.39403808303911474e-12,
    -6.8860275264975534e-12,
    8.94487927309072572e-13,
    3.13092139934295808e-13,
    -1.12708223613672524e-13,
    3.81090525518923206e-16,
    7.10609761360923699e-15,
    -1.5230282014571043e-15,
    -9.457494571291234e-17,
    1.21023718922427899e-16,
    -2.81666308774717697e-17,
)
TERMS_OF_FLOAT32 = 13


def erf(X: Array) -> Array:
    """Return 2/√π ∫₀ˣ e^{−s²} ds, entry by entry, to a few units of the working precision.

    >>> [round(float(v), 10) for v in erf(np.array([-20.0, 0.0, 0.5]))]
    [-1.0, 0.0, 0.5204998778]
    """
    xp = array_namespace(X)
    series = SERIES[:TERMS_OF_FLOAT32] if X.dtype == np.float32 else SERIES
    negative = X.real < 0
    z = xp.where(negative, -X, X)
    t = 2 / (2 + z)
    u = 4 * t - 2
    b, after = series[-1] + 0 * u, 0 * u  # Clenshaw's recurrence
    for c in series[-2:0:-1]:
        b, after = c + u * b - after, b
    P = 0.5 * series[0] + 0.5 * u * b - after
    positive = 1 - t * xp.exp(P - z * z)
    return xp.where(negative, -positive, positive)
