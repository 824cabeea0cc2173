"""Small FITS files with a place in the sky."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from astropy.io import fits

M13 = (250.4235, 36.4613)


def make_fits(pixels: np.ndarray | None = None, **cards: Any) -> bytes:
    """Return a FITS file of noise with header cards; underscores are dashes."""
    if pixels is None:
        pixels = np.random.default_rng(0).integers(0, 1000, (60, 80)).astype("i2")
    header = fits.Header()
    for keyword, value in cards.items():
        header[keyword.replace("_", "-") if keyword == "DATE_OBS" else keyword] = value
    file = io.BytesIO()
    fits.PrimaryHDU(pixels, header).writeto(file)
    return file.getvalue()


def make_wcs_cards(ra: float, dec: float, scale_deg: float = 0.005, **more: Any) -> dict[str, Any]:
    """Return the cards of a picture of 80 x 60 pixels with north up and east to the left."""
    return {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "CRVAL1": ra,
        "CRVAL2": dec,
        "CRPIX1": 40.5,
        "CRPIX2": 30.5,
        "CD1_1": -scale_deg,
        "CD1_2": 0.0,
        "CD2_1": 0.0,
        "CD2_2": scale_deg,
        **more,
    }
