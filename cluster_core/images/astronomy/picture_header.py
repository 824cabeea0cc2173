"""Read the whole header of the picture that a FITS or XISF file shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cluster_core.errors import ImageError
from cluster_core.images.astronomy.fits import list_fits_pictures
from cluster_core.images.astronomy.fits_choice import rank_parts
from cluster_core.images.astronomy.fits_compression import unpack
from cluster_core.images.astronomy.fits_headers import walk_parts_with_headers
from cluster_core.images.astronomy.xisf_headers import (
    XISF_MAGIC,
    read_xisf_header,
    read_xisf_keywords,
)
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits
from cluster_core.images.sniffing import is_fits


@dataclass(frozen=True)
class PictureHeader:
    """The header of a picture.

    Attributes
    ----------
    cards : astropy.io.fits.Header
        The cards of the picture's own part.
    shared : astropy.io.fits.Header
        The cards of the first part of the file, which may describe the observation.
    width, height : int
        Size in pixels, as stored.
    flipped : bool
        Whether the picture is shown with the first row of the file at the bottom. XISF files
        count as flipped, because programs write their cards for the FITS file that they would be.
    """

    cards: Any
    shared: Any
    width: int
    height: int
    flipped: bool


def read_picture_header(
    data: bytes, name: str, limits: ImageLimits = DEFAULT_LIMITS
) -> PictureHeader | None:
    """Return the header of the picture that a file shows by default.

    Parameters
    ----------
    data : bytes
        Content of a file of any kind.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        How much is unpacked at most.

    Returns
    -------
    PictureHeader or None
        None for files that are neither FITS nor XISF, or that cannot be read; decoding them says
        why.
    """
    try:
        if data.startswith(XISF_MAGIC):
            return _read_xisf(data)
        return _read_fits(unpack(data, name, limits), name, limits) if is_fits(data) else None
    except (ImageError, ValueError):
        return None


def _read_fits(data: bytes, name: str, limits: ImageLimits) -> PictureHeader | None:
    headers, parts = [], []
    try:
        for header, part in walk_parts_with_headers(data, name):
            headers.append(header)
            parts.append(part)
    except ImageError:  # a damaged part may follow the picture
        pass
    ranked = rank_parts(parts)
    if not ranked:
        return None
    part, axes = ranked[0]
    if len(ranked) > 1:  # the first may be empty
        shown = list_fits_pictures(data, name, limits=limits)[0].hdu
        part, axes = next((part, axes) for part, axes in ranked if part.index == shown)
    return PictureHeader(
        headers[part.index], headers[0], axes.width, axes.height, not part.is_top_down
    )


def _read_xisf(data: bytes) -> PictureHeader:
    from astropy.io import fits

    picture = read_xisf_header(data)
    header = fits.Header()
    for keyword, text in read_xisf_keywords(data):
        try:
            card = fits.Card.fromstring(f"{keyword:8.8}= {text}")
            card.verify("silentfix")
            header.append(card, end=True)
            header[keyword]  # parsed only now
        except (fits.VerifyError, ValueError, LookupError):
            header.remove(keyword, ignore_missing=True)
    return PictureHeader(header, header, picture.width, picture.height, flipped=True)
