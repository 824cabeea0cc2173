"""The patch of sky a picture shows, with a margin, and what lies in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class Frame:
    """The pixels of a picture, and a margin from which bright stars shine in.

    Attributes
    ----------
    width_px, height_px : int
        Size of the picture.
    margin_px : int
        Sky around it that is drawn and cut off.
    """

    width_px: int
    height_px: int
    margin_px: int = 16

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the canvas, margin included."""
        return self.height_px + 2 * self.margin_px, self.width_px + 2 * self.margin_px

    @property
    def size_px(self) -> float:
        """Side of a square of the same area: the scale of everything drawn."""
        return float(np.sqrt(self.width_px * self.height_px))

    @property
    def centre_px(self) -> tuple[float, float]:
        """Middle of the canvas, x and y."""
        rows, columns = self.shape
        return (columns - 1) / 2.0, (rows - 1) / 2.0

    def offsets(self, centre_px: tuple[float, float]) -> tuple[Floats, Floats]:
        """Return x and y of every pixel from a point: shapes (1, columns) and (rows, 1)."""
        rows, columns = self.shape
        x = np.arange(columns, dtype=np.float32)[None, :] - np.float32(centre_px[0])
        y = np.arange(rows, dtype=np.float32)[:, None] - np.float32(centre_px[1])
        return x, y

    def radii(
        self, centre_px: tuple[float, float], *, flattening: float = 0.0, angle_rad: float = 0.0
    ) -> Floats:
        """Return each pixel's elliptical distance from a point, shape (rows, columns)."""
        x, y = self.offsets(centre_px)
        along = x * np.float32(np.cos(angle_rad)) + y * np.float32(np.sin(angle_rad))
        across = y * np.float32(np.cos(angle_rad)) - x * np.float32(np.sin(angle_rad))
        return np.hypot(along, across / np.float32(1.0 - flattening))

    def crop(self, canvas: Floats) -> Floats:
        """Cut the margin off a canvas of shape (rows, columns, ...)."""
        margin = self.margin_px
        return canvas[margin : margin + self.height_px, margin : margin + self.width_px]


@dataclass(frozen=True)
class Stars:
    """Point sources on a canvas.

    Attributes
    ----------
    x_px, y_px : ndarray of shape (n_stars,)
        Places on the canvas; stars outside it are not drawn.
    flux_sigma : ndarray of shape (n_stars,)
        Light in green, in units of the sky noise of one pixel.
    colour_bv : ndarray of shape (n_stars,)
        B - V, reddening included.
    """

    x_px: Floats
    y_px: Floats
    flux_sigma: Floats
    colour_bv: Floats

    @classmethod
    def join(cls, parts: list[Stars]) -> Stars:
        """Return the stars of several groups as one."""
        names = ("x_px", "y_px", "flux_sigma", "colour_bv")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def compressed(self, pivot_sigma: float, power: float) -> Stars:
        """Return the stars with their range of brightness narrowed about a pivot."""
        flux = pivot_sigma * (np.maximum(self.flux_sigma, 0.0) / pivot_sigma) ** power
        return Stars(self.x_px, self.y_px, flux, self.colour_bv)

    def dimmed(self, transmission: Floats) -> Stars:
        """Return the stars behind dust that lets a share of light through at each pixel.

        Dust that takes A_V magnitudes reddens by A_V / 3.1.
        """
        rows, columns = transmission.shape
        row = np.clip(self.y_px, 0, rows - 1).astype(int)
        column = np.clip(self.x_px, 0, columns - 1).astype(int)
        share = np.maximum(transmission[row, column], 1e-6)
        reddening = np.minimum(-2.5 * np.log10(share) / 3.1, 1.2)
        return Stars(self.x_px, self.y_px, self.flux_sigma * share, self.colour_bv + reddening)


@dataclass(frozen=True)
class SkyLabels:
    """What a picture shows besides its kind; not-a-number where it does not apply.

    Attributes
    ----------
    concentration : float
        log10 of tidal over core radius.
    log_richness : float
        log10 of the cluster's stars above the limit of the picture.
    log_core : float
        log10 of the core radius over the picture's side.
    log_half_light : float
        log10 of the half-light radius over the picture's side.
    log_field : float
        log10 of the field stars in the picture.
    log_fwhm : float
        log10 of the stars' width over the picture's side.
    """

    concentration: float = np.nan
    log_richness: float = np.nan
    log_core: float = np.nan
    log_half_light: float = np.nan
    log_field: float = np.nan
    log_fwhm: float = np.nan


@dataclass(frozen=True)
class Scene:
    """The light that reaches the telescope.

    Attributes
    ----------
    frame : Frame
        The canvas.
    stars : Stars
        Point sources.
    glow : ndarray of shape (rows, columns, 3) or None
        Smooth light in units of the sky noise of one pixel.
    labels : SkyLabels
        The truth about it.
    """

    frame: Frame
    stars: Stars
    glow: Floats | None = None
    labels: SkyLabels = field(default_factory=SkyLabels)

    def compressed(self, pivot_sigma: float, power: float) -> Scene:
        """Return the scene as it looks where it was stretched before it was shrunk.

        In a picture of many megapixels each star is stretched over pixels of its own; once
        the picture is made small, its light counts by a power of its flux below 1. So do
        smooth patches brighter than a few sky noises.
        """
        glow = self.glow
        if glow is not None:
            bright = np.maximum(glow / 3.0, 1.0)
            glow = (glow * bright ** (power - 1.0)).astype(np.float32)
        return replace(self, stars=self.stars.compressed(pivot_sigma, power), glow=glow)
