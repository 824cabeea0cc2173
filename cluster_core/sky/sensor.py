"""From light to the numbers of a raw frame: wells that fill, noise, shading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class Sensor:
    """A camera at its telescope, in units of the sky noise of one pixel.

    Attributes
    ----------
    full_well_sigma : float
        Light at which a pixel is full.
    sky_electrons_root : float
        Square root of the sky's electrons in a pixel: sets the photon noise of sources.
    noise : float
        Noise left over a single frame's, 1 for one frame, less for a stack.
    noise_grain_px : float
        Size of a grain of noise: above 0 where the picture was enlarged or smoothed.
    colour_noise : float
        Share of the noise that differs between colours.
    blooming : bool
        Whether full wells spill along their column.
    gradient_sigma : float
        Sky glow from one side of the frame to the other.
    gradient_angle_rad : float
        Where it comes from.
    vignetting : float
        Light lost in the corners, 0 to 1.
    """

    full_well_sigma: float
    sky_electrons_root: float = 40.0
    noise: float = 1.0
    noise_grain_px: float = 0.0
    colour_noise: float = 0.7
    blooming: bool = False
    gradient_sigma: float = 0.0
    gradient_angle_rad: float = 0.0
    vignetting: float = 0.0

    def expose(self, rng: np.random.Generator, light: Floats) -> Floats:
        """Return the raw frame of an image of shape (rows, columns, 3)."""
        light = light + self._sky_glow(light.shape[:2])[:, :, None]
        variance = 1.0 + np.maximum(light, 0.0) / self.sky_electrons_root
        light = light + self._grain(rng, light.shape) * np.sqrt(variance) * self.noise
        if self.blooming:
            light = _spill(light, self.full_well_sigma)
        return np.minimum(light, self.full_well_sigma)

    def _sky_glow(self, shape: tuple[int, int]) -> Floats:
        """Return what lifts or darkens the sky across the frame."""
        y = np.linspace(-1.0, 1.0, shape[0], dtype=np.float32)[:, None]
        x = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32)[None, :]
        angle = self.gradient_angle_rad
        slope = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        corners = (x**2 + y**2) / 2.0
        return self.gradient_sigma * slope - self.vignetting * 12.0 * corners**1.5

    def _grain(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        colour = rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(self.colour_noise))
        grey = rng.standard_normal((*shape[:2], 1), np.float32)
        noise = colour + grey * np.float32(np.sqrt(1.0 - self.colour_noise))
        if self.noise_grain_px <= 0:
            return noise
        weight = np.exp(-0.5 * (np.arange(-2, 3) / self.noise_grain_px) ** 2).astype(np.float32)
        weight /= np.sqrt(np.sum(weight**2))
        for axis in (0, 1):
            noise = _smear(noise, weight, axis)
        return noise


def _smear(image: Floats, weight: Floats, axis: int) -> Floats:
    half = len(weight) // 2
    return sum(
        (w * np.roll(image, step - half, axis) for step, w in enumerate(weight)),
        start=np.zeros_like(image),
    )


def _spill(light: Floats, full_well: float) -> Floats:
    """Let overfull pixels spill along their column, as a CCD without drains does."""
    excess = np.maximum(light - full_well, 0.0)
    if not excess.any():
        return light
    reach = np.exp(-np.abs(np.arange(-6, 7)) / 3.0).astype(np.float32)
    return light + 0.5 * _smear(excess, reach / reach.sum(), axis=0)
