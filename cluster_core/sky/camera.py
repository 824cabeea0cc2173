"""Random telescopes, cameras, processing and degradation, over the range seen on the web."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.clusters import LIMIT_FLUX_SIGMA
from cluster_core.sky.degradation import FILTERS, WebDegradation
from cluster_core.sky.frame import Frame, Scene
from cluster_core.sky.optics import PointSpread
from cluster_core.sky.processing import Processing, Stretch
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import happens
from cluster_core.sky.sensor import Sensor

# Sizes before the final resize, from web thumbnails to small prints.
SIDES_PX = (112, 144, 176, 208, 256, 304)
ASPECTS = (1.0, 1.0, 1.25, 4 / 3, 1.4, 1.5, 16 / 9)


def sample_frame(rng: np.random.Generator, side_px: int | None = None) -> Frame:
    """Draw the size and aspect ratio of a picture.

    Parameters
    ----------
    rng : numpy.random.Generator
    side_px : int, optional
        Side of a square of the same area; drawn from `SIDES_PX` if omitted.

    Returns
    -------
    Frame
        Square, landscape or portrait; both sides are multiples of 8.
    """
    side = side_px or rng.choice(SIDES_PX)
    aspect = np.sqrt(rng.choice(ASPECTS)) ** rng.choice([-1.0, 1.0])
    return Frame(_round_to_8(side * aspect), _round_to_8(side / aspect))


def _round_to_8(side_px: float) -> int:
    """Round to a multiple of 8, a size at which Fourier transforms are fast."""
    return 8 * round(side_px / 8)


def compress_brightness(rng: np.random.Generator, scene: Scene) -> Scene:
    """Compress a scene's range of brightness by a random amount, or leave it unchanged.

    Most published pictures were stretched at many megapixels and then shrunk, which has
    this effect: see `Scene.compressed`.

    Parameters
    ----------
    rng : numpy.random.Generator
    scene : Scene

    Returns
    -------
    Scene
        With flux raised to a power of 0.4 to 0.95, or `scene` itself in 35 of 100 cases.
    """
    if happens(rng, 0.35):
        return scene
    return scene.compressed(LIMIT_FLUX_SIGMA, rng.uniform(0.4, 0.95))


def sample_point_spread(rng: np.random.Generator, frame: Frame) -> PointSpread:
    """Draw the point spread function of atmosphere and telescope.

    All lengths scale with the size of the picture.
    """
    fwhm_px = max(1.2, frame.size_px * 10.0 ** rng.uniform(-2.45, -1.75))
    hazy = happens(rng, 0.08)
    spikes = rng.choice([0, 2, 3], p=[0.65, 0.28, 0.07])
    return PointSpread(
        fwhm_px,
        beta=rng.uniform(2.3, 5.0),
        elongation=rng.exponential(0.06),
        angle_rad=rng.uniform(0.0, np.pi),
        halo_share=rng.uniform(0.1, 0.3) if hazy else rng.uniform(0.0, 0.06),
        halo_px=frame.size_px * rng.uniform(0.015, 0.06),
        spike_count=int(spikes),
        spike_share=rng.uniform(0.01, 0.12),
        spike_px=frame.size_px * rng.uniform(0.01, 0.08),
        trail_px=frame.size_px * rng.uniform(0.005, 0.04) if happens(rng, 0.05) else 0.0,
    )


def sample_sensor(rng: np.random.Generator) -> Sensor:
    """Draw a camera, with its noise, sky gradient and vignetting."""
    shaded = happens(rng, 0.25)
    return Sensor(
        full_well_sigma=10.0 ** rng.uniform(2.2, 4.5),
        sky_electrons_root=10.0 ** rng.uniform(0.8, 2.2),
        noise=rng.uniform(0.1, 1.2),
        noise_grain_px=rng.choice([0.0, 0.0, 0.5, 0.9]),
        colour_noise=rng.uniform(0.1, 1.0),
        blooming=happens(rng, 0.06),
        gradient_sigma=rng.exponential(1.2) if happens(rng, 0.4) else 0.0,
        gradient_angle_rad=rng.uniform(0.0, 2.0 * np.pi),
        vignetting=rng.uniform(0.05, 0.8) if shaded else 0.0,
    )


def sample_processing(rng: np.random.Generator, raw: Floats) -> Processing:
    """Draw how a raw frame is processed.

    As in autostretch tools, the white point saturates a random share of the pixels, and
    faint light is lifted until the sky noise has a random contrast.

    Parameters
    ----------
    rng : numpy.random.Generator
    raw : ndarray of shape (rows, columns, 3)
        Linear light in units of the sky noise of one pixel.

    Returns
    -------
    Processing
    """
    saturated_share = 10.0 ** rng.uniform(-4.0, -1.2)
    peak = float(np.quantile(raw[::2, ::2, 1], 1.0 - saturated_share))
    white = max(peak * 10.0 ** rng.uniform(-0.4, 0.5), 8.0)
    noise_contrast = 10.0 ** rng.uniform(-2.7, -1.3)
    stretch = rng.choice(list(Stretch), p=[0.5, 0.25, 0.25])
    mono = happens(rng, 0.14)
    grey = max(rng.normal(0.04, 0.06), 0.0)
    return Processing(
        stretch=Stretch(stretch),
        black_sigma=rng.uniform(-6.0, 2.0) if happens(rng, 0.7) else rng.uniform(2.0, 12.0),
        white_sigma=white + 12.0,
        strength=_find_strength(rng, Stretch(stretch), noise_contrast * white),
        saturation=0.0 if mono else rng.gamma(5.0, 0.24),
        cast=_sample_cast(rng),
        pedestal=tuple(np.clip(grey * rng.normal(1.0, 0.15, 3), 0.0, 0.35)),
        sharpening=rng.choice([0.0, rng.uniform(-0.8, 0.0), rng.uniform(0.0, 1.5)]),
        keep_hue=happens(rng, 0.4),
    )


def _sample_cast(rng: np.random.Generator) -> tuple[float, float, float]:
    spread = 0.35 if happens(rng, 0.1) else 0.07
    red, green, blue = np.exp(rng.normal(0.0, spread, 3))
    return float(red), float(green), float(blue)


def _find_strength(rng: np.random.Generator, stretch: Stretch, slope: float) -> float:
    """Return the strength for which a curve has the given slope at black, within its limits."""
    if stretch is Stretch.GAMMA:
        return rng.uniform(0.35, 1.0)
    if stretch is Stretch.MIDTONES:
        return float(np.clip(1.0 / (1.0 + slope), 0.005, 0.5))
    softening = np.logspace(-4.0, 0.5, 60)  # the slope has no closed-form inverse
    slopes = 1.0 / (softening * np.arcsinh(1.0 / softening))
    return float(np.interp(-slope, -slopes, softening))


def sample_degradation(rng: np.random.Generator, frame: Frame) -> WebDegradation:
    """Draw what happens to a picture on the web; about half of them stay almost intact."""
    return WebDegradation(
        round_edge=rng.uniform(0.7, 1.3) if happens(rng, 0.05) else 0.0,
        missing_corner=rng.uniform(0.1, 0.45) if happens(rng, 0.02) else 0.0,
        border=rng.uniform(0.02, 0.3) if happens(rng, 0.08) else 0.0,
        border_grey=int(rng.choice([0, 0, 0, 30, 255])),
        captions=int(rng.integers(1, 4)) if happens(rng, 0.12) else 0,
        jpeg_quality=int(rng.integers(45, 97)) if happens(rng, 0.8) else 0,
        thumbnail_px=int(rng.integers(72, 140)) if happens(rng, 0.15) else 0,
        resampling=FILTERS[rng.choice(len(FILTERS), p=[0.5, 0.2, 0.2, 0.1])],
    )
