"""The ranges of telescopes, cameras and tastes that pictures of the sky come from."""

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

# Sides of the original pictures, before they are squeezed: web thumbnails to small prints.
SIDES_PX = (112, 144, 176, 208, 256, 304)
ASPECTS = (1.0, 1.0, 1.25, 4 / 3, 1.4, 1.5, 16 / 9)


def sample_frame(rng: np.random.Generator, side_px: int | None = None) -> Frame:
    """Draw the shape of a picture: square, or long in either direction."""
    side = side_px or rng.choice(SIDES_PX)
    aspect = np.sqrt(rng.choice(ASPECTS)) ** rng.choice([-1.0, 1.0])
    return Frame(_even(side * aspect), _even(side / aspect))


def _even(side_px: float) -> int:
    """Round to a multiple of 8, for which Fourier transforms are quick."""
    return 8 * round(side_px / 8)


def compress_brightness(rng: np.random.Generator, scene: Scene) -> Scene:
    """Draw how far a picture was shrunk after its stretch: most were, from megapixels."""
    if happens(rng, 0.35):
        return scene
    return scene.compressed(LIMIT_FLUX_SIGMA, rng.uniform(0.4, 0.95))


def sample_point_spread(rng: np.random.Generator, frame: Frame) -> PointSpread:
    """Draw the air and the telescope; lengths follow the size of the picture."""
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
    """Draw a camera, its sky and its shading."""
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
    """Draw how a raw frame is stretched.

    White is set where a given share of the pixels burns out, and faint light is lifted
    until the noise of the sky shows by a given amount: what autostretch tools do.
    """
    burnt = 10.0 ** rng.uniform(-4.0, -1.2)
    peak = float(np.quantile(raw[::2, ::2, 1], 1.0 - burnt))
    white = max(peak * 10.0 ** rng.uniform(-0.4, 0.5), 8.0)
    shown_noise = 10.0 ** rng.uniform(-2.7, -1.3)
    stretch = rng.choice(list(Stretch), p=[0.5, 0.25, 0.25])
    mono = happens(rng, 0.14)
    grey = max(rng.normal(0.04, 0.06), 0.0)
    return Processing(
        stretch=Stretch(stretch),
        black_sigma=rng.uniform(-6.0, 2.0) if happens(rng, 0.7) else rng.uniform(2.0, 12.0),
        white_sigma=white + 12.0,
        strength=_strength(rng, Stretch(stretch), shown_noise * white),
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


def _strength(rng: np.random.Generator, stretch: Stretch, slope: float) -> float:
    """Return the setting of a curve that starts with a slope, as near as it can."""
    if stretch is Stretch.GAMMA:
        return rng.uniform(0.35, 1.0)
    if stretch is Stretch.MIDTONES:
        return float(np.clip(1.0 / (1.0 + slope), 0.005, 0.5))
    softening = np.logspace(-4.0, 0.5, 60)
    slopes = 1.0 / (softening * np.arcsinh(1.0 / softening))
    return float(np.interp(-slope, -slopes, softening))


def sample_degradation(rng: np.random.Generator, frame: Frame) -> WebDegradation:
    """Draw what the web does to a picture; half of them pass almost unharmed."""
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
