"""Image processing of a raw frame: stretch, colour, sharpening."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cluster_core.sky.profiles import Floats

LUMINANCE = np.array([0.30, 0.59, 0.11], np.float32)


class Stretch(StrEnum):
    """Curves from linear light to display brightness."""

    ASINH = "asinh"
    GAMMA = "gamma"
    MIDTONES = "midtones"


@dataclass(frozen=True)
class Processing:
    """The steps that turn a raw frame into a picture.

    Attributes
    ----------
    stretch : Stretch
        The curve: asinh [1]_, gamma, or a midtones transfer function.
    black_sigma : float
        Black point, in sky noises above the mean sky.
    white_sigma : float
        White point, in the same unit.
    strength : float
        Parameter of the curve: the softening of asinh (smaller lifts faint light more), the
        exponent of gamma, or the midtones balance, which becomes 0.5.
    saturation : float
        0 for a monochrome picture, 1 for colours as recorded, 2 or more for vivid ones.
    cast : tuple of float
        Factors on red, green and blue.
    pedestal : tuple of float
        Background level in red, green and blue after the stretch, 0 to 0.35.
    sharpening : float
        Weight of an unsharp mask; a negative weight smooths.
    keep_hue : bool
        Whether to stretch the luminance and scale the colours with it, so that bright stars
        keep their hue.

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
        """Turn a raw frame into a picture.

        Parameters
        ----------
        raw : ndarray of shape (rows, columns, 3)
            Linear light in units of the sky noise of one pixel.

        Returns
        -------
        ndarray of shape (rows, columns, 3)
            Display values, 0 to 1.
        """
        linear = (raw - self.black_sigma) / (self.white_sigma - self.black_sigma)
        linear = np.maximum(linear * np.asarray(self.cast, np.float32), 0.0)
        if self.sharpening:
            linear = self._sharpen(linear)
        picture = self._stretch_hue(linear) if self.keep_hue else self._curve(np.minimum(linear, 1))
        if self.saturation != 1.0:
            grey = (picture @ LUMINANCE)[:, :, None]
            picture = grey + self.saturation * (picture - grey)
        pedestal = np.asarray(self.pedestal, np.float32)
        return np.clip(pedestal + picture * (1.0 - pedestal), 0.0, 1.0)

    def _curve(self, linear: Floats) -> Floats:
        if self.stretch is Stretch.ASINH:
            curve: Floats = np.arcsinh(linear / self.strength) / np.arcsinh(1.0 / self.strength)
            return curve
        if self.stretch is Stretch.GAMMA:
            return linear**self.strength
        midtone = self.strength
        return (midtone - 1.0) * linear / ((2.0 * midtone - 1.0) * linear - midtone)

    def _stretch_hue(self, linear: Floats) -> Floats:
        grey = np.maximum(linear @ LUMINANCE, 1e-6)[:, :, None]
        picture = linear * (self._curve(np.minimum(grey, 1.0)) / grey)
        peak = np.maximum(picture.max(axis=2, keepdims=True), 1.0)
        in_range: Floats = picture / peak
        return in_range

    def _sharpen(self, linear: Floats) -> Floats:
        blurred = linear
        for axis in (0, 1):
            neighbours = np.roll(blurred, 1, axis) + np.roll(blurred, -1, axis)
            blurred = 0.5 * blurred + 0.25 * neighbours
        return np.maximum(linear + self.sharpening * (linear - blurred), 0.0)
