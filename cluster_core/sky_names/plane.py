"""Reduce the sky coordinates of a picture to a plane: a gnomonic projection."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cluster_core.errors import PositionError
from cluster_core.images import silence_library_warnings

if TYPE_CHECKING:
    from astropy.wcs import WCS

Matrix = tuple[tuple[float, float], tuple[float, float]]
_GRID = 9  # points per side at which a WCS is compared with a plain projection
_MAX_WIDTH_DEG = 60.0  # a wider picture is not one plane
_MIN_SCALE_ARCSEC_PX = 1e-3
_MAX_MISFIT = 0.02  # of the longer side
UNUSABLE = "The sky coordinates of this picture cannot be used:"


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


def fit_plane(wcs: WCS, width: int, height: int, *, flipped: bool) -> tuple[float, float, Matrix]:
    """Fit a gnomonic projection around the centre of a picture to its WCS.

    Parameters
    ----------
    wcs : astropy.wcs.WCS
        With or without distortion.
    width, height : int
        Size of the picture in pixels.
    flipped : bool
        Whether the first row of the file is at the bottom.

    Returns
    -------
    ra_deg, dec_deg : float
        The sky at the centre, ICRS.
    matrix : tuple of tuple of float
        Shape (2, 2), degrees a pixel: rows are east and north, columns x and y.

    Raises
    ------
    PositionError
        The WCS describes no picture of the sky; see `SkyPosition.from_wcs`.
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
    pixels = np.stack([x, y], axis=1)
    return _fit(pixels, np.asarray(ra), np.asarray(dec), max(width, height))


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
    side: int,
) -> tuple[float, float, Matrix]:
    """Fit a gnomonic projection to the sky at pixels (x, y); `side` is the longer side."""
    middle = len(pixels) // 2
    if not (np.isfinite(ra).all() and np.isfinite(dec).all() and np.abs(dec).max() <= 90):  # noqa: PLR2004
        raise PositionError(f"{UNUSABLE} they are not all numbers of degrees.")
    centre_ra, centre_dec = float(ra[middle]) % 360, float(dec[middle])
    if compute_separations(centre_ra, centre_dec, ra, dec).max() > _MAX_WIDTH_DEG / 2:
        raise PositionError(f"{UNUSABLE} they span over {_MAX_WIDTH_DEG:.0f} degrees.")
    plane = build_wcs(centre_ra, centre_dec, ((1.0, 0.0), (0.0, 1.0)), 1, 1)
    offsets = np.stack(plane.wcs_world2pix(ra, dec, 0), axis=1)  # degrees east and north
    columns = pixels - pixels[middle]
    solution, _, rank, _ = np.linalg.lstsq(columns, offsets, rcond=None)
    matrix = ((solution[0, 0], solution[1, 0]), (solution[0, 1], solution[1, 1]))
    scale = math.sqrt(abs(determinant(matrix)))
    if rank < 2 or scale * 3600 < _MIN_SCALE_ARCSEC_PX:  # noqa: PLR2004  two axes
        raise PositionError(f"{UNUSABLE} their scale is zero.")
    misfit = np.hypot(*(columns @ solution - offsets).T).max() / scale
    if misfit > _MAX_MISFIT * side + 1:
        raise PositionError(f"{UNUSABLE} they do not fit a picture.")
    rows = tuple((float(x), float(y)) for x, y in matrix)
    return centre_ra, centre_dec, (rows[0], rows[1])


def build_wcs(
    ra_deg: float,
    dec_deg: float,
    matrix: Matrix,
    width: int,
    height: int,
) -> WCS:
    """Return the gnomonic projection around the centre of a picture; see `SkyPosition`."""
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra_deg, dec_deg]
    wcs.wcs.crpix = [(width + 1) / 2, (height + 1) / 2]
    wcs.wcs.cd = np.array(matrix)
    wcs.wcs.set()
    return wcs


def determinant(matrix: Matrix) -> float:
    """Return the determinant of a matrix: square degrees a pixel, negative if mirrored."""
    (xx, xy), (yx, yy) = matrix
    return float(xx * yy - xy * yx)
