"""Image formation: the point spread function of atmosphere and telescope."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.colours import compute_rgb
from cluster_core.sky.frame import Scene, Stars
from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class PointSpread:
    """The point spread function: the image of a single star.

    It has a core with a Moffat profile [1]_, a wide halo [2]_ and diffraction spikes.

    Attributes
    ----------
    fwhm_px : float
        Full width at half maximum of the core.
    beta : float
        Exponent of the Moffat profile: about 2.5 in poor seeing, 4.5 in good seeing.
    elongation : float
        Length over width of the core, minus 1; 0 for a round core.
    angle_rad : float
        Direction of the major axis, of the trail and of the first spike, from the x axis
        towards the y axis.
    halo_share : float
        Share of the light scattered into the halo, 0 to 0.3.
    halo_px : float
        Radius of the halo.
    spike_count : int
        Vanes that support the secondary mirror, each of which causes a pair of spikes; 0 for
        none.
    spike_share : float
        Share of the light in the spikes.
    spike_px : float
        Length over which a spike fades by a factor of e.
    trail_px : float
        Length of the trail from a drift of the mount during the exposure.

    References
    ----------
    .. [1] Moffat, A. F. J. 1969, A&A 3, 455.
    .. [2] King, I. R. 1971, "The profile of a star image", PASP 83, 199.
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
        """Return the point spread function on a canvas, ready for a Fourier transform.

        Parameters
        ----------
        shape : tuple of int
            Rows and columns.

        Returns
        -------
        ndarray of shape (rows, columns), float32
            Centred on pixel (0, 0) and wrapped around the edges; it sums to 1.
        """
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
        along, across = self._rotate(x, y, self.angle_rad)
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
            along, across = self._rotate(x, y, angle)
            spikes += np.exp(-np.abs(along) / self.spike_px - (across / width) ** 2)
        return spikes

    @staticmethod
    def _rotate(x: Floats, y: Floats, angle_rad: float) -> tuple[Floats, Floats]:
        cos, sin = np.float32(np.cos(angle_rad)), np.float32(np.sin(angle_rad))
        return x * cos + y * sin, y * cos - x * sin


def splat(stars: Stars, shape: tuple[int, int]) -> Floats:
    """Distribute each star's light over the nearest four pixels, in three colours.

    The weights are bilinear, so that the centre of light is at the star's exact position.

    Parameters
    ----------
    stars : Stars
        Stars without all four pixels on the canvas are left out.
    shape : tuple of int
        Rows and columns of the canvas.

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Red, green and blue light in sky noises per pixel.
    """
    rows, columns = shape
    x, y = np.floor(stars.x_px).astype(np.int64), np.floor(stars.y_px).astype(np.int64)
    inside = (x >= 0) & (x < columns - 1) & (y >= 0) & (y < rows - 1)
    x, y = x[inside], y[inside]
    right, low = stars.x_px[inside] - x, stars.y_px[inside] - y
    pixel = (y * columns + x)[None, :] + np.array([0, 1, columns, columns + 1])[:, None]
    share = np.stack([(1 - right) * (1 - low), right * (1 - low), (1 - right) * low, right * low])
    light = stars.flux_sigma[inside][:, None] * compute_rgb(stars.colour_bv[inside])
    canvas = np.empty((rows * columns, 3), np.float32)
    for band in range(3):
        weights = (share * light[:, band]).ravel()
        canvas[:, band] = np.bincount(pixel.ravel(), weights, rows * columns)
    return canvas.reshape(rows, columns, 3)


def form_image(scene: Scene, spread: PointSpread) -> Floats:
    """Convolve a scene with a point spread function.

    The convolution is circular: light that leaves the canvas on one side reappears on the
    other, so that none is lost. The margin keeps this out of the picture.

    Parameters
    ----------
    scene : Scene
    spread : PointSpread

    Returns
    -------
    ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises per pixel, with the margin.
    """
    light = splat(scene.stars, scene.frame.shape)
    if scene.glow is not None:
        light += scene.glow
    bands = np.fft.rfft2(light.transpose(2, 0, 1))
    bands *= np.fft.rfft2(spread.kernel(scene.frame.shape))
    image = np.fft.irfft2(bands, s=scene.frame.shape)
    return np.maximum(image, 0.0).astype(np.float32).transpose(1, 2, 0)
