"""Star colours in photographs: from B - V to temperature to red, green and blue."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.profiles import Floats

# Peak sensitivity of a colour camera's red, green and blue filters.
WAVELENGTHS_NM = np.array([610.0, 535.0, 460.0])
WHITE_TEMPERATURE_K = 6200.0
HC_OVER_K_NM_K = 1.4388e7
BV_LIMITS = (-0.38, 2.3)


def compute_temperature_k(colour_bv: Floats) -> Floats:
    """Return the effective temperature of stars from their colour.

    Parameters
    ----------
    colour_bv : ndarray
        B - V in magnitudes, without reddening; clipped to `BV_LIMITS`.

    Returns
    -------
    ndarray
        Kelvin, in the same shape.

    References
    ----------
    .. [1] Ballesteros, F. J. 2012, "New insights into black bodies", EPL 97, 34008.
    """
    bv = np.clip(colour_bv, *BV_LIMITS)
    return 4600.0 * (1.0 / (0.92 * bv + 1.7) + 1.0 / (0.92 * bv + 0.62))


def compute_rgb(colour_bv: Floats) -> Floats:
    """Return the light of stars in red, green and blue, relative to green.

    Stars radiate as black bodies.

    Parameters
    ----------
    colour_bv : ndarray of shape (n_stars,)
        B - V in magnitudes, reddening included.

    Returns
    -------
    ndarray of shape (n_stars, 3)
        Linear light, 1 in green; a star of `WHITE_TEMPERATURE_K` is white.
    """
    temperature = compute_temperature_k(np.atleast_1d(colour_bv))[:, None]
    light = _planck(temperature) / _planck(np.array([[WHITE_TEMPERATURE_K]]))
    return light / light[:, 1:2]


def _planck(temperature_k: Floats) -> Floats:
    light: Floats = 1.0 / (
        WAVELENGTHS_NM**5 * np.expm1(HC_OVER_K_NM_K / (WAVELENGTHS_NM * temperature_k))
    )
    return light
