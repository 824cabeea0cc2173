"""Elliptical and spiral galaxies, as smooth linear light."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.colours import compute_rgb
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats


def compute_sersic(radius_px: Floats, effective_px: float, index: float) -> Floats:
    """Return the surface brightness of a Sersic profile.

    Parameters
    ----------
    radius_px : ndarray
        Distance from the centre.
    effective_px : float
        Radius that encloses half of the light.
    index : float
        Sersic index: 1 for an exponential disc, 4 for a de Vaucouleurs profile.

    Returns
    -------
    ndarray
        Of the shape of `radius_px`; 1 at the effective radius.

    References
    ----------
    .. [1] Sersic, J. L. 1963, Boletin de la Asociacion Argentina de Astronomia 6, 41.
    .. [2] Ciotti, L. & Bertin, G. 1999, A&A 352, 447, for the expansion of b_n.
    """
    b = 2.0 * index - 1.0 / 3.0 + 0.009876 / index
    return np.exp(-b * ((np.maximum(radius_px, 0.3) / effective_px) ** (1.0 / index) - 1.0))


def sample_elliptical(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw an elliptical or lenticular galaxy with a Sersic profile.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    brightness_sigma : float
        Surface brightness at the effective radius, in sky noises per pixel.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel.
    """
    effective_px = frame.size_px * np.exp(rng.uniform(np.log(0.01), np.log(0.12)))
    radius = frame.radii(
        _near_centre(rng, frame), flattening=rng.uniform(0.0, 0.7), angle_rad=rng.uniform(0, np.pi)
    )
    light = brightness_sigma * compute_sersic(radius, effective_px, rng.uniform(1.5, 4.5))
    return (light[:, :, None] * _tint(rng.uniform(0.75, 1.05))).astype(np.float32)


def sample_spiral(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a spiral galaxy: exponential disc, logarithmic arms and a bulge, at any inclination.

    Parameters
    ----------
    rng : numpy.random.Generator
    frame : Frame
        The canvas.
    brightness_sigma : float
        Central surface brightness of the disc without arms, in sky noises per pixel.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel.
    """
    centre, angle = _near_centre(rng, frame), rng.uniform(0.0, np.pi)
    flattening = 1.0 - np.clip(rng.uniform(0.0, 1.0), 0.12, 1.0)
    scale_px = frame.size_px * np.exp(rng.uniform(np.log(0.015), np.log(0.16)))
    radius = frame.radii(centre, flattening=flattening, angle_rad=angle)
    x, y = frame.offsets(centre)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = (y * np.cos(angle) - x * np.sin(angle)) / (1.0 - flattening)
    pitch = np.tan(np.radians(rng.uniform(10.0, 30.0)))
    phase = np.arctan2(across, along) - np.log(np.maximum(radius, 1.0) / scale_px) / pitch
    arms = 1.0 + rng.uniform(0.2, 0.9) * np.cos(rng.integers(1, 4) * phase)
    disc = brightness_sigma * np.exp(-radius / scale_px) * arms
    bulge_radius = frame.radii(centre, flattening=0.5 * flattening, angle_rad=angle)
    bulge = compute_sersic(bulge_radius, rng.uniform(0.2, 0.6) * scale_px, rng.uniform(1.0, 3.0))
    bulge *= brightness_sigma * rng.uniform(0.1, 2.0)
    light = disc[:, :, None] * _tint(rng.uniform(0.3, 0.7)) + bulge[:, :, None] * _tint(0.95)
    single: Floats = light.astype(np.float32)
    return single


def _near_centre(rng: np.random.Generator, frame: Frame) -> tuple[float, float]:
    x, y = np.array(frame.centre_px) + rng.normal(0.0, 0.06, 2) * frame.size_px
    return float(x), float(y)


def _tint(colour_bv: float) -> Floats:
    rgb: Floats = compute_rgb(np.array([colour_bv]))[0]
    return rgb
