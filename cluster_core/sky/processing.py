"""What people do to a raw frame before they show it: stretch, colour, sharpen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cluster_core.sky.profiles import Floats

LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)


class Stretch(StrEnum):
    """Curves from linear light to the brightness of a screen."""

    ASINH = "asinh"
    GAMMA = "gamma"
    MIDTONES = "midtones"


@dataclass(frozen=True)
class Processing:
    """How a raw frame becomes a picture.

    Attributes
    ----------
    stretch : Stretch
        The curve.
    black_sigma : float
        What is shown as black, in sky noises from the mean sky.
    white_sigma : float
        What is shown as white.
    strength : float
        How hard faint light is lifted: the softening of asinh, the exponent of gamma,
        or the midtone balance.
    saturation : float
        0 for a monochrome picture, 1 as recorded, 2 or more as on posters.
    cast : tuple of float
        What red, green and blue are multiplied by.
    pedestal : tuple of float
        What is added to red, green and blue at the end, 0 to 0.3.
    sharpening : float
        Weight of an unsharp mask; below 0 smooths.
    keep_hue : bool
        Stretch the luminance and carry the colours along, so that bright stars keep theirs.

    References
    ----------
    .. [1] Lupton, R. et al. 2004, "Preparing red-green-blue images from CCD data",
       PASP 116, 133.
    """

    stretch: Stretch
    black_sigma: float
    white_sigma: float
    strength: float
    saturation: float = 1.0
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    pedestal: tuple[float, float, float] = (0.0, 0.0, 0.0)
    sharpening: float = 0.0
    keep_hue: bool = False

    def apply(self, raw: Floats) -> Floats:
        """Return a picture in 0 to 1 from a raw frame of shape (rows, columns, 3)."""
        linear = (raw - self.black_sigma) / (self.white_sigma - self.black_sigma)
        linear = np.maximum(linear * np.asarray(self.cast, np.float32), 0.0)
        if self.sharpening:
            linear = self._sharpen(linear)
        picture = self._stretch_hue(linear) if self.keep_hue else self._curve(np.minimum(linear, 1))
        if self.saturation != 1.0:
            grey = (picture @ LUMINANCE)[:, :, None]
            picture = grey + self.saturation * (picture - grey)
        low = np.asarray(self.pedestal, np.float32)
        return np.clip(low + picture * (1.0 - low), 0.0, 1.0)

    def _curve(self, linear: Floats) -> Floats:
        if self.stretch is Stretch.ASINH:
            curve: Floats = np.arcsinh(linear / self.strength) / np.arcsinh(1.0 / self.strength)
            return curve
        if self.stretch is Stretch.GAMMA:
            return linear**self.strength
        middle = self.strength
        return (middle - 1.0) * linear / ((2.0 * middle - 1.0) * linear - middle)

    def _stretch_hue(self, linear: Floats) -> Floats:
        grey = np.maximum(linear @ LUMINANCE, 1e-6)[:, :, None]
        picture = linear * (self._curve(np.minimum(grey, 1.0)) / grey)
        peak = np.maximum(picture.max(axis=2, keepdims=True), 1.0)
        shown: Floats = picture / peak
        return shown

    def _sharpen(self, linear: Floats) -> Floats:
        soft = linear
        for axis in (0, 1):
            soft = 0.5 * soft + 0.25 * (np.roll(soft, 1, axis) + np.roll(soft, -1, axis))
        return np.maximum(linear + self.sharpening * (linear - soft), 0.0)
