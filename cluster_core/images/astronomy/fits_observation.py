"""Read what a FITS file says of its observation, for tables of many files."""

from __future__ import annotations

from collections.abc import Mapping

from cluster_core.errors import ImageError
from cluster_core.images.astronomy.fits_cards import read_text
from cluster_core.images.astronomy.fits_compression import unpack
from cluster_core.images.astronomy.fits_headers import walk_headers
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits

# By the keyword of the FITS standard; the first that has a value wins.
_KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "OBJECT": ("OBJECT", "TARGNAME", "TARGET"),
    "DATE-OBS": ("DATE-OBS", "DATE_OBS", "DATEOBS"),
    "FILTER": ("FILTER", "FILTER1", "FILTERS", "FILTNAM1", "BAND"),
    "RA": ("RA", "OBJCTRA", "RA_TARG"),
    "DEC": ("DEC", "OBJCTDEC", "DEC_TARG"),
}
OBSERVATION_CARDS = tuple(_KEYWORDS)
_MAX_HEADERS = 10


def read_observation(
    data: bytes, name: str, limits: ImageLimits = DEFAULT_LIMITS
) -> dict[str, str]:
    """Return the object, date, filter and position that a FITS file names.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        How much is unpacked at most.

    Returns
    -------
    dict of str to str
        Values of `OBSERVATION_CARDS`, in this order, each a single line of at most 80
        characters, as in the file. Those that none of the first 10 headers has are missing;
        a damaged header ends the search.
    """
    found: dict[str, str] = {}
    try:
        for number, header in enumerate(walk_headers(unpack(data, name, limits), name), start=1):
            for card, keywords in _KEYWORDS.items():
                texts = (read_text(header, keyword) for keyword in keywords)
                if card not in found and (text := next(filter(None, texts), "")):
                    found[card] = text
            if number == _MAX_HEADERS or len(found) == len(_KEYWORDS):
                break
    except ImageError:
        pass  # decoding the picture says why
    return {card: found[card] for card in _KEYWORDS if card in found}
