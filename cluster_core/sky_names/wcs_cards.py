"""Read the celestial coordinates (WCS) of a FITS header, which may be hostile."""

from __future__ import annotations

import logging
import math
import re
from typing import TYPE_CHECKING, Any

from cluster_core.errors import PositionError
from cluster_core.images import silence_library_warnings
from cluster_core.sky_names.angles import parse_angle, parse_sexagesimal
from cluster_core.sky_names.plane import UNUSABLE

if TYPE_CHECKING:
    from astropy.wcs import WCS

_WCS_NUMBER = re.compile(r"(CRVAL|CRPIX|CDELT|CROTA)[12]|(CD|PC)[12]_[12]")
# All that matters here, without what takes long to compute. Tables of distortion,
# which shift stars by about a pixel, and alternative coordinates are left out.
_WCS_CARD = re.compile(
    r"(CTYPE|CRVAL|CRPIX|CDELT|CROTA|CUNIT)[1-9]|(CD|PC)[1-9]_[1-9]|(CD|PC)00[1-9]00[1-9]"
    r"|PV[1-9]_\d{1,2}|[AB]P?_(\d_\d|ORDER)|PROJP\d|WCSAXES|LONPOLE|LATPOLE"
    r"|RADESYS|RADECSYS|EQUINOX|EPOCH|(DATE|MJD)-(OBS|AVG|BEG|END)|MJDREF[IF]?"
)
_WCS_COUNT = re.compile(r"WCSAXES|[AB]P?_ORDER")
_MAX_COUNT = 9  # axes by the FITS standard, and terms by the convention of SIP


def parse_wcs(cards: Any) -> WCS | None:
    """Return the celestial coordinates that the cards of a FITS header describe.

    Parameters
    ----------
    cards : astropy.io.fits.Header

    Returns
    -------
    astropy.wcs.WCS or None
        None if it has no celestial ones.

    Raises
    ------
    PositionError
        They are incomplete, contradictory, not numbers, or have more than nine axes or terms.
    """
    from astropy.wcs import WCS

    silence_library_warnings()
    logging.getLogger("astropy").setLevel(logging.ERROR)  # it logs odd names of distortions
    try:
        types = [str(cards.get(f"CTYPE{axis}", "")) for axis in (1, 2, 3)]
        if not any(kind.startswith(("RA", "GLON", "ELON")) for kind in types):
            return None
        wcs = WCS(_check_numbers(cards), relax=True, fix=False)
        wcs.wcs.unitfix()  # not cdfix, which makes up a scale where there is none
    except PositionError:
        raise
    # astropy and wcslib raise errors of many classes on broken cards.
    except Exception as error:
        raise PositionError(
            f"{UNUSABLE} its header is contradictory, such as a scale of zero or a place beyond a "
            "pole."
        ) from error
    return wcs if wcs.has_celestial else None


def _check_numbers(cards: Any) -> Any:
    """Return the cards of the WCS, with numbers as numbers; wcslib would take 0 else.

    wcslib takes minutes and gigabytes for some tens of thousands of axes or terms.
    """
    from astropy.io.fits import Header

    checked = Header()
    for keyword in filter(_WCS_CARD.fullmatch, dict.fromkeys(cards)):
        value = _read(cards, keyword)
        if _WCS_NUMBER.fullmatch(keyword) or _WCS_COUNT.fullmatch(keyword):
            number = parse_angle(value)
            # Whether "16:41:41" is hours or degrees is anybody's guess.
            if number is None or not math.isfinite(number) or parse_sexagesimal(value) is not None:
                raise PositionError(f"{UNUSABLE} the card {keyword} of its header is not a number.")
            if _WCS_COUNT.fullmatch(keyword) and number > _MAX_COUNT:
                raise PositionError(f"{UNUSABLE} the card {keyword} of its header is above 9.")
            value = number if isinstance(value, str) else value
        checked[keyword] = value
    if not {"CRVAL1", "CRVAL2"} <= set(cards) or not {"CD1_1", "CD1_2", "CDELT1"} & set(cards):
        raise PositionError(f"{UNUSABLE} its header lacks the place or the scale.")
    return checked


def _read(cards: Any, keyword: str) -> Any:
    from astropy.io.fits import VerifyError

    try:
        return cards[keyword]
    except VerifyError as error:  # NaN, for one, which FITS has no text for
        raise PositionError(
            f"{UNUSABLE} the card {keyword} of its header is not a number."
        ) from error
