"""The canvas of a picture with its margin, and the light on it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from cluster_core.sky.profiles import Floats


@dataclass(frozen=True)
class Frame:
    """The canvas of a picture: its pixels and a margin whose stars shine into it.

    Pixel centres have integer coordinates; x runs along columns and y along rows.

    Attributes
    ----------
    width_px, height_px : int
        Size of the picture without margin.
    margin_px : int
        Width of the strip on each side that is drawn and then cropped.
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
        """Side of a square with the picture's area, to which everything drawn is scaled."""
        return float(np.sqrt(self.width_px * self.height_px))

    @property
    def centre_px(self) -> tuple[float, float]:
        """Centre of the canvas, x and y."""
        rows, columns = self.shape
        return (columns - 1) / 2.0, (rows - 1) / 2.0

    def offsets(self, centre_px: tuple[float, float]) -> tuple[Floats, Floats]:
        """Return the offset of every pixel from a point.

        Returns
        -------
        x : ndarray of shape (1, columns), float32
        y : ndarray of shape (rows, 1), float32
        """
        rows, columns = self.shape
        x = np.arange(columns, dtype=np.float32)[None, :] - np.float32(centre_px[0])
        y = np.arange(rows, dtype=np.float32)[:, None] - np.float32(centre_px[1])
        return x, y

    def radii(
        self, centre_px: tuple[float, float], *, flattening: float = 0.0, angle_rad: float = 0.0
    ) -> Floats:
        """Return the elliptical distance of every pixel from a point.

        Parameters
        ----------
        centre_px : tuple of float
            x and y of the point.
        flattening : float
            1 minus the axis ratio, 0 to below 1.
        angle_rad : float
            Direction of the major axis, from the x axis towards the y axis.

        Returns
        -------
        ndarray of shape (rows, columns), float32
            Pixels, measured along the major axis.
        """
        x, y = self.offsets(centre_px)
        along = x * np.float32(np.cos(angle_rad)) + y * np.float32(np.sin(angle_rad))
        across = y * np.float32(np.cos(angle_rad)) - x * np.float32(np.sin(angle_rad))
        return np.hypot(along, across / np.float32(1.0 - flattening))

    def crop(self, canvas: Floats) -> Floats:
        """Remove the margin.

        Parameters
        ----------
        canvas : ndarray of shape (rows, columns, ...)

        Returns
        -------
        ndarray of shape (height_px, width_px, ...)
            A view of the canvas.
        """
        margin = self.margin_px
        return canvas[margin : margin + self.height_px, margin : margin + self.width_px]


@dataclass(frozen=True)
class Stars:
    """Point sources on a canvas.

    Attributes
    ----------
    x_px, y_px : ndarray of shape (n_stars,)
        Positions on the canvas; stars outside it are not drawn.
    flux_sigma : ndarray of shape (n_stars,)
        Flux in green, in units of the sky noise of one pixel.
    colour_bv : ndarray of shape (n_stars,)
        B - V in magnitudes, including reddening.
    """

    x_px: Floats
    y_px: Floats
    flux_sigma: Floats
    colour_bv: Floats

    @classmethod
    def join(cls, parts: list[Stars]) -> Stars:
        """Combine groups of stars in order; raise ValueError if there are none."""
        names = ("x_px", "y_px", "flux_sigma", "colour_bv")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def compressed(self, pivot_sigma: float, power: float) -> Stars:
        """Return the stars with a compressed range of brightness.

        Parameters
        ----------
        pivot_sigma : float
            Flux that stays the same, in sky noises.
        power : float
            Exponent of the flux relative to the pivot; below 1 compresses.
        """
        flux = pivot_sigma * (np.maximum(self.flux_sigma, 0.0) / pivot_sigma) ** power
        return Stars(self.x_px, self.y_px, flux, self.colour_bv)

    def dimmed(self, transmission: Floats) -> Stars:
        """Return the stars as seen through dust.

        Dust with an extinction of A_V magnitudes reddens by E(B - V) = A_V / 3.1, the mean
        ratio of the Galaxy [1]_.

        Parameters
        ----------
        transmission : ndarray of shape (rows, columns)
            The share of light that each pixel of the canvas transmits, 0 to 1.

        References
        ----------
        .. [1] Cardelli, J. A., Clayton, G. C. & Mathis, J. S. 1989, ApJ 345, 245.
        """
        rows, columns = transmission.shape
        row = np.clip(self.y_px, 0, rows - 1).astype(int)
        column = np.clip(self.x_px, 0, columns - 1).astype(int)
        share = np.maximum(transmission[row, column], 1e-6)
        reddening = np.minimum(-2.5 * np.log10(share) / 3.1, 1.2)
        return Stars(self.x_px, self.y_px, self.flux_sigma * share, self.colour_bv + reddening)


@dataclass(frozen=True)
class SkyLabels:
    """Physical properties of what a picture shows; NaN where one does not apply.

    Lengths are relative to `Frame.size_px`.

    Attributes
    ----------
    concentration : float
        log10 of tidal radius over core radius.
    log_richness : float
        log10 of the number of cluster stars above the limit of the picture.
    log_core : float
        log10 of the core radius.
    log_half_light : float
        log10 of the half-light radius.
    log_field : float
        log10 of the number of field stars above the limit of the picture.
    log_fwhm : float
        log10 of the full width at half maximum of the stars.
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
        Its physical properties.
    """

    frame: Frame
    stars: Stars
    glow: Floats | None = None
    labels: SkyLabels = field(default_factory=SkyLabels)

    def compressed(self, pivot_sigma: float, power: float) -> Scene:
        """Return the scene as it looks if the picture is stretched before it is shrunk.

        In a picture of many megapixels, the stretch acts on each star separately. After
        shrinking, the star's light is roughly its flux to a power below 1. The same holds
        for smooth light brighter than a few sky noises.

        Parameters
        ----------
        pivot_sigma : float
            Flux of a star that stays the same, in sky noises.
        power : float
            The exponent, 0 to 1.
        """
        glow = self.glow
        if glow is not None:
            bright = np.maximum(glow / 3.0, 1.0)
            glow = (glow * bright ** (power - 1.0)).astype(np.float32)
        return replace(self, stars=self.stars.compressed(pivot_sigma, power), glow=glow)
