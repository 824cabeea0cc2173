"""Where in the sky the pixels of a picture are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cluster_core.errors import PositionError
from cluster_core.images import silence_library_warnings

if TYPE_CHECKING:
    from astropy.wcs import WCS

_GRID = 9  # points per side at which a WCS is compared with a plain projection
_MAX_WIDTH_DEG = 60.0  # a wider picture is not one plane
_MIN_SCALE_ARCSEC_PX = 1e-3
_MAX_MISFIT = 0.02  # of the longer side
UNUSABLE = "The sky coordinates of this picture cannot be used:"


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
    matrix: tuple[tuple[float, float], tuple[float, float]]
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
        silence_library_warnings()
        x, y = (
            values.ravel()
            for values in np.meshgrid(
                np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID)
            )
        )
        try:
            with np.errstate(all="ignore"):
                sky = wcs.celestial.all_pix2world(x, height - 1 - y if flipped else y, 0)
                ra, dec = _to_icrs(wcs.celestial, *sky)
        # astropy has no common base class for the errors of a WCS.
        except Exception as error:
            raise PositionError(f"{UNUSABLE} they cannot be computed.") from error
        return _fit(np.stack([x, y], axis=1), np.asarray(ra), np.asarray(dec), width, height)

    @cached_property
    def wcs(self) -> WCS:
        """The same as an astropy.wcs.WCS, for pixels with y down."""
        return _build_wcs(self.ra_deg, self.dec_deg, self.matrix, self.width, self.height)

    @property
    def scale_arcsec_px(self) -> float:
        """The side of a pixel in arcseconds."""
        return math.sqrt(abs(_determinant(self.matrix))) * 3600

    @property
    def north_angle_deg(self) -> float:
        """The direction of north at the centre, counter-clockwise from up, -180 to 180 degrees."""
        (xx, xy), _ = self.matrix
        sign = math.copysign(1.0, _determinant(self.matrix))
        # The second column of the inverse matrix, up to a positive factor.
        return math.degrees(math.atan2(xy * sign, -xx * sign))

    @property
    def mirrored(self) -> bool:
        """Whether east is to the right of north, unlike in the sky."""
        return _determinant(self.matrix) < 0

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


def compute_separations(
    ra_deg: float, dec_deg: float, ras_deg: ArrayLike, decs_deg: ArrayLike
) -> NDArray[np.float64]:
    """Return the angles between one point of the sky and others.

    Parameters
    ----------
    ra_deg, dec_deg : float
    ras_deg, decs_deg : array_like

    Returns
    -------
    ndarray
        float64 degrees, 0 to 180, by the haversine formula, exact for small angles.
    """
    ras, decs = np.radians(ras_deg), np.radians(decs_deg)
    ra, dec = math.radians(ra_deg), math.radians(dec_deg)
    haversine = (
        np.sin((decs - dec) / 2) ** 2 + math.cos(dec) * np.cos(decs) * np.sin((ras - ra) / 2) ** 2
    )
    return np.asarray(np.degrees(2 * np.arcsin(np.sqrt(np.clip(haversine, 0, 1)))))


def _to_icrs(wcs: WCS, longitudes: ArrayLike, latitudes: ArrayLike) -> tuple[ArrayLike, ArrayLike]:
    """Turn what a WCS yields into ICRS; coordinates without a frame count as ICRS."""
    from astropy.coordinates import SkyCoord
    from astropy.wcs.utils import wcs_to_celestial_frame

    frame = wcs_to_celestial_frame(wcs)
    if frame.name == "icrs":
        return longitudes, latitudes
    there = SkyCoord(longitudes, latitudes, unit="deg", frame=frame).icrs
    return there.ra.deg, there.dec.deg


def _fit(
    pixels: NDArray[np.float64],
    ra: NDArray[np.float64],
    dec: NDArray[np.float64],
    width: int,
    height: int,
) -> SkyPosition:
    """Fit a gnomonic projection to the sky at pixels (x, y), which start at the top left."""
    middle = len(pixels) // 2
    if not (np.isfinite(ra).all() and np.isfinite(dec).all() and np.abs(dec).max() <= 90):  # noqa: PLR2004
        raise PositionError(f"{UNUSABLE} they are not all numbers of degrees.")
    centre_ra, centre_dec = float(ra[middle]) % 360, float(dec[middle])
    if compute_separations(centre_ra, centre_dec, ra, dec).max() > _MAX_WIDTH_DEG / 2:
        raise PositionError(f"{UNUSABLE} they span over {_MAX_WIDTH_DEG:.0f} degrees.")
    plane = _build_wcs(centre_ra, centre_dec, ((1.0, 0.0), (0.0, 1.0)), 1, 1)
    offsets = np.stack(plane.wcs_world2pix(ra, dec, 0), axis=1)  # degrees east and north
    columns = pixels - pixels[middle]
    solution, _, rank, _ = np.linalg.lstsq(columns, offsets, rcond=None)
    matrix = ((solution[0, 0], solution[1, 0]), (solution[0, 1], solution[1, 1]))
    scale = math.sqrt(abs(_determinant(matrix)))
    if rank < 2 or scale * 3600 < _MIN_SCALE_ARCSEC_PX:  # noqa: PLR2004  two axes
        raise PositionError(f"{UNUSABLE} their scale is zero.")
    misfit = np.hypot(*(columns @ solution - offsets).T).max() / scale
    if misfit > _MAX_MISFIT * max(width, height) + 1:
        raise PositionError(f"{UNUSABLE} they do not fit a picture.")
    rows = tuple((float(x), float(y)) for x, y in matrix)
    return SkyPosition(centre_ra, centre_dec, (rows[0], rows[1]), width, height)


def _build_wcs(
    ra_deg: float,
    dec_deg: float,
    matrix: tuple[tuple[float, float], tuple[float, float]],
    width: int,
    height: int,
) -> WCS:
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra_deg, dec_deg]
    wcs.wcs.crpix = [(width + 1) / 2, (height + 1) / 2]
    wcs.wcs.cd = np.array(matrix)
    wcs.wcs.set()
    return wcs


def _determinant(matrix: tuple[tuple[float, float], tuple[float, float]]) -> float:
    (xx, xy), (yx, yy) = matrix
    return float(xx * yy - xy * yx)
