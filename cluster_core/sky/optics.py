"""What air and telescope make of a point of light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.colours import compute_rgb
from cluster_core.sky.frame import Scene, Stars
from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class PointSpread:
    """The image of one star.

    Attributes
    ----------
    fwhm_px : float
        Full width at half maximum of the core.
    beta : float
        Moffat's exponent: 2.5 in poor air, 4.5 in good.
    elongation : float
        How much longer than wide the core is, 0 for round.
    angle_rad : float
        Direction of the long axis, of the trail and of the first spike.
    halo_share : float
        Share of light scattered into a wide halo (0 to 0.3).
    halo_px : float
        Radius of that halo.
    spike_count : int
        Vanes that hold a secondary mirror, each a pair of spikes; 0 for none.
    spike_share : float
        Share of light in the spikes.
    spike_px : float
        Length over which a spike fades by a factor e.
    trail_px : float
        Drift of the mount while the shutter was open.

    References
    ----------
    .. [1] Moffat, A. F. J. 1969, A&A 3, 455.
    .. [2] King, I. R. 1971, "The profile of a star image", PASP 83, 199 (the halo).
    """

    fwhm_px: float
    beta: float = 3.5
    elongation: float = 0.0
    angle_rad: float = 0.0
    halo_share: float = 0.02
    halo_px: float = 8.0
    spike_count: int = 0
    spike_share: float = 0.0
    spike_px: float = 12.0
    trail_px: float = 0.0

    def kernel(self, shape: tuple[int, int]) -> Floats:
        """Return the star's image on a canvas, its centre at pixel (0, 0), summing to 1."""
        y = np.fft.fftfreq(shape[0], 1.0 / shape[0]).astype(np.float32)[:, None]
        x = np.fft.fftfreq(shape[1], 1.0 / shape[1]).astype(np.float32)[None, :]
        core = self._core(x, y)
        kernel = core * ((1.0 - self.halo_share - self.spike_share) / core.sum())
        if self.halo_share > 0:
            halo = (1.0 + (x**2 + y**2) / self.halo_px**2) ** -1.5
            kernel += halo * (self.halo_share / halo.sum())
        if self.spike_count and self.spike_share > 0:
            spikes = self._spikes(x, y)
            kernel += spikes * (self.spike_share / spikes.sum())
        image: Floats = kernel / kernel.sum()
        return image

    def _core(self, x: Floats, y: Floats) -> Floats:
        scale = self.fwhm_px / (2.0 * np.sqrt(2.0 ** (1.0 / self.beta) - 1.0))
        along, across = self._turned(x, y, self.angle_rad)
        along = along / (1.0 + self.elongation)
        steps = max(1, round(self.trail_px / max(0.5 * self.fwhm_px, 0.5)))
        core = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
        for shift in (np.arange(steps) - (steps - 1) / 2.0) * (self.trail_px / steps):
            core += (1.0 + ((along - np.float32(shift)) ** 2 + across**2) / scale**2) ** -self.beta
        return core

    def _spikes(self, x: Floats, y: Floats) -> Floats:
        spikes = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32)
        width = max(0.35 * self.fwhm_px, 0.6)
        for vane in range(self.spike_count):
            angle = self.angle_rad + np.pi * vane / self.spike_count
            along, across = self._turned(x, y, angle)
            spikes += np.exp(-np.abs(along) / self.spike_px - (across / width) ** 2)
        return spikes

    @staticmethod
    def _turned(x: Floats, y: Floats, angle_rad: float) -> tuple[Floats, Floats]:
        cos, sin = np.float32(np.cos(angle_rad)), np.float32(np.sin(angle_rad))
        return x * cos + y * sin, y * cos - x * sin


def splat(stars: Stars, shape: tuple[int, int]) -> Floats:
    """Put every star's light on the four pixels around it, in three colours.

    Parameters
    ----------
    stars : Stars
        Those with any of the four pixels outside the canvas are left out.
    shape : tuple of int
        Rows and columns of the canvas.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Its sum is the light of the stars.
    """
    rows, columns = shape
    x, y = np.floor(stars.x_px).astype(np.int64), np.floor(stars.y_px).astype(np.int64)
    seen = (x >= 0) & (x < columns - 1) & (y >= 0) & (y < rows - 1)
    x, y = x[seen], y[seen]
    right, low = stars.x_px[seen] - x, stars.y_px[seen] - y
    pixel = (y * columns + x)[None, :] + np.array([0, 1, columns, columns + 1])[:, None]
    share = np.stack([(1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low])
    light = stars.flux_sigma[seen][:, None] * compute_rgb(stars.colour_bv[seen])
    canvas = np.empty((rows * columns, 3), np.float32)
    for band in range(3):
        weights = (share * light[:, band]).ravel()
        canvas[:, band] = np.bincount(pixel.ravel(), weights, rows * columns)
    return canvas.reshape(rows, columns, 3)


def form_image(scene: Scene, spread: PointSpread) -> Floats:
    """Return a scene as the telescope shows it: shape (rows, columns, 3), margin included.

    Light that leaves one side of the canvas comes back on the other, so none is
    lost; the margin keeps that out of the picture.
    """
    light = splat(scene.stars, scene.frame.shape)
    if scene.glow is not None:
        light += scene.glow
    bands = np.fft.rfft2(light.transpose(2, 0, 1))
    bands *= np.fft.rfft2(spread.kernel(scene.frame.shape))
    image = np.fft.irfft2(bands, s=scene.frame.shape)
    return np.maximum(image, 0.0).astype(np.float32).transpose(1, 2, 0)
