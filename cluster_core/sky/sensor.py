"""The camera: from light to a raw frame, with noise, saturation and vignetting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class Sensor:
    """A camera on its telescope. The unit of light is the sky noise of one pixel.

    Attributes
    ----------
    full_well_sigma : float
        Light at which a pixel saturates.
    sky_electrons_root : float
        Square root of the number of sky electrons in a pixel, which sets the photon noise of
        bright sources.
    noise : float
        Noise relative to a single frame: 1 for one frame, less for a stack.
    noise_grain_px : float
        Standard deviation of the noise grain: above 0 if the picture was enlarged or
        smoothed.
    colour_noise : float
        Share of the noise variance that is independent between colours, 0 to 1.
    blooming : bool
        Whether saturated pixels spill along their column.
    gradient_sigma : float
        Change of the sky brightness from the centre of the frame to its edge.
    gradient_angle_rad : float
        Direction in which the sky gets brighter, from the x axis towards the y axis.
    vignetting : float
        Darkening of the corners, 0 to 1; 1 is 12 sky noises.
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
        """Return the raw frame of an image.

        Parameters
        ----------
        rng : numpy.random.Generator
        light : ndarray of shape (rows, columns, 3)
            Light above the mean sky.

        Returns
        -------
        ndarray of shape (rows, columns, 3)
            With noise; at most `full_well_sigma`.
        """
        light = light + self._sky_brightness(light.shape[:2])[:, :, None]
        variance = 1.0 + np.maximum(light, 0.0) / self.sky_electrons_root
        light = light + self._sample_noise(rng, light.shape) * np.sqrt(variance) * self.noise
        if self.blooming:
            light = _spill(light, self.full_well_sigma)
        return np.minimum(light, self.full_well_sigma)

    def _sky_brightness(self, shape: tuple[int, int]) -> Floats:
        """Return the change of the sky brightness by gradient and vignetting at each pixel."""
        y = np.linspace(-1.0, 1.0, shape[0], dtype=np.float32)[:, None]
        x = np.linspace(-1.0, 1.0, shape[1], dtype=np.float32)[None, :]
        angle = self.gradient_angle_rad
        slope = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
        corners = (x**2 + y**2) / 2.0
        return self.gradient_sigma * slope - self.vignetting * 12.0 * corners**1.5

    def _sample_noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        colour = rng.standard_normal(shape, np.float32) * np.float32(np.sqrt(self.colour_noise))
        grey = rng.standard_normal((*shape[:2], 1), np.float32)
        noise = colour + grey * np.float32(np.sqrt(1.0 - self.colour_noise))
        if self.noise_grain_px <= 0:
            return noise
        weight = np.exp(-0.5 * (np.arange(-2, 3) / self.noise_grain_px) ** 2).astype(np.float32)
        weight /= np.sqrt(np.sum(weight**2))
        for axis in (0, 1):
            noise = _convolve(noise, weight, axis)
        return noise


def _convolve(image: Floats, weight: Floats, axis: int) -> Floats:
    half = len(weight) // 2
    return sum(
        (w * np.roll(image, step - half, axis) for step, w in enumerate(weight)),
        start=np.zeros_like(image),
    )


def _spill(light: Floats, full_well: float) -> Floats:
    """Let saturated pixels spill along their column, as in a CCD without anti-blooming."""
    excess = np.maximum(light - full_well, 0.0)
    if not excess.any():
        return light
    reach = np.exp(-np.abs(np.arange(-6, 7)) / 3.0).astype(np.float32)
    return light + 0.5 * _convolve(excess, reach / reach.sum(), axis=0)
