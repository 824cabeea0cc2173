"""Where in the sky the pixels of a picture are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cluster_core.sky_names.plane import (
    Matrix,
    build_wcs,
    compute_separations,
    determinant,
    fit_plane,
)

if TYPE_CHECKING:
    from astropy.wcs import WCS


@dataclass(frozen=True)
class SkyPosition:
    """Where in the sky a picture is: a gnomonic projection around its centre.

    Pixel coordinates are those of the picture as this program reads it: x to the right, y down,
    (0, 0) at the centre of the top left pixel.

    Attributes
    ----------
    ra_deg, dec_deg : float
        The sky at the centre of the picture, ICRS: right ascension from 0 to 360, and declination.
    matrix : tuple of tuple of float
        Shape (2, 2), degrees a pixel: rows are east and north, columns x and y.
    width, height : int
        Size of the picture in pixels.
    """

    ra_deg: float
    dec_deg: float
    matrix: Matrix
    width: int
    height: int

    @classmethod
    def from_wcs(cls, wcs: WCS, width: int, height: int, *, flipped: bool) -> SkyPosition:
        """Reduce a WCS to a gnomonic projection around the centre of its picture.

        Parameters
        ----------
        wcs : astropy.wcs.WCS
            The celestial coordinates of a FITS picture, with or without distortion.
        width, height : int
            Size of the picture in pixels.
        flipped : bool
            Whether the picture is shown with the first row of the file at the bottom, as in the
            FITS standard.

        Raises
        ------
        PositionError
            The WCS describes no picture of the sky: it is not finite, is singular, wider than 60
            degrees, or too crooked for a plane.
        """
        return cls(*fit_plane(wcs, width, height, flipped=flipped), width, height)

    @cached_property
    def wcs(self) -> WCS:
        """The same as an astropy.wcs.WCS, for pixels with y down."""
        return build_wcs(self.ra_deg, self.dec_deg, self.matrix, self.width, self.height)

    @property
    def scale_arcsec_px(self) -> float:
        """The side of a pixel in arcseconds."""
        return math.sqrt(abs(determinant(self.matrix))) * 3600

    @property
    def north_angle_deg(self) -> float:
        """The direction of north at the centre, counter-clockwise from up, -180 to 180 degrees."""
        (xx, xy), _ = self.matrix
        sign = math.copysign(1.0, determinant(self.matrix))
        # The second column of the inverse matrix, up to a positive factor.
        return math.degrees(math.atan2(xy * sign, -xx * sign))

    @property
    def mirrored(self) -> bool:
        """Whether east is to the right of north, unlike in the sky."""
        return determinant(self.matrix) < 0

    @property
    def radius_deg(self) -> float:
        """From the centre of the picture to its corners."""
        return math.hypot(self.width, self.height) / 2 * self.scale_arcsec_px / 3600

    def to_pixels(
        self, ra_deg: ArrayLike, dec_deg: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where points of the sky are in the picture.

        Parameters
        ----------
        ra_deg, dec_deg : array_like
            ICRS in degrees, of one shape.

        Returns
        -------
        x, y : ndarray
            float64 of the same shape, also outside the picture; NaN for points more than 90
            degrees away.
        """
        ra, dec = np.broadcast_arrays(
            np.asarray(ra_deg, dtype=float), np.asarray(dec_deg, dtype=float)
        )
        behind = compute_separations(self.ra_deg, self.dec_deg, ra, dec) >= 89.9  # noqa: PLR2004
        x, y = self.wcs.wcs_world2pix(
            np.where(behind, self.ra_deg, ra), np.where(behind, self.dec_deg, dec), 0
        )
        return np.where(behind, np.nan, x), np.where(behind, np.nan, y)

    def to_sky(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the sky at pixels: ICRS right ascension (0 to 360) and declination in degrees.

        Parameters
        ----------
        x, y : array_like
            Pixel coordinates of one shape.
        """
        ra, dec = self.wcs.wcs_pix2world(np.asarray(x, dtype=float), np.asarray(y, dtype=float), 0)
        return np.asarray(ra) % 360, np.asarray(dec)

    def resized(self, width: int, height: int) -> SkyPosition:
        """Return the position of the same picture enlarged or reduced to another size."""
        factors = (self.width / width, self.height / height)
        (xx, xy), (yx, yy) = self.matrix
        matrix = (
            (xx * factors[0], xy * factors[1]),
            (yx * factors[0], yy * factors[1]),
        )
        return SkyPosition(self.ra_deg, self.dec_deg, matrix, width, height)


@dataclass(frozen=True)
class Pointing:
    """Where a telescope looked, without knowing how the picture is turned.

    Attributes
    ----------
    ra_deg, dec_deg : float
        ICRS.
    scale_arcsec_px : float or None
        The side of a pixel, if known.
    """

    ra_deg: float
    dec_deg: float
    scale_arcsec_px: float | None = None
