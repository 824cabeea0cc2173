"""Read the headers of FITS pictures for display; they may contain anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cluster_core.images.library_warnings import silence_library_warnings

_MAX_LENGTH = 80
# The first keyword with a value wins; observatories differ.
_KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "Object": ("OBJECT", "TARGNAME", "TARGET"),
    "Telescope": ("TELESCOP",),
    "Instrument": ("INSTRUME", "CAMERA", "DETECTOR"),
    "Filter": ("FILTER", "FILTER1", "FILTERS", "FILTNAM1", "BAND"),
    "Exposure": ("EXPTIME", "EXPOSURE", "EXP_TIME", "ITIME"),
    "Date": ("DATE-OBS", "DATE_OBS", "DATEOBS"),
}
_SECONDS = "EXPTIME"  # by convention; the others may be in minutes
_VALUE_TYPES = {
    8: "8 bits, whole numbers",
    16: "16 bits, whole numbers",
    32: "32 bits, whole numbers",
    64: "64 bits, whole numbers",
    -32: "32 bits, floating point",
    -64: "64 bits, floating point",
}


def read_cards(header: Any) -> dict[str, str]:
    """Return the object, telescope, exposure and so on that a header names.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Unreadable cards count as missing.

    Returns
    -------
    dict of str to str
        Values by topic ("Object", "Exposure", "Date", ...), each a single line of at most
        80 characters. Topics that the header does not mention are missing.
    """
    silence_library_warnings()
    found = {}
    for topic, keywords in _KEYWORDS.items():
        for keyword in keywords:
            if text := read_text(header, keyword):
                found[topic] = _format_seconds(text) if keyword == _SECONDS else text
                break
    return found


def describe_values(header: Any) -> str:
    """Describe how a pixel is stored, or return an empty string if the header does not say.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Header of a picture, compressed or not.
    """
    for keyword in ("ZBITPIX", "BITPIX"):
        bits = read_text(header, keyword)
        if bits:
            return _VALUE_TYPES.get(int(bits), "") if bits.lstrip("-").isdecimal() else ""
    return ""


def read_text(header: Any, keyword: str) -> str:
    """Return the value of a card as a single line of text, empty if missing or unreadable."""
    from astropy.io import fits

    try:
        value = header.get(keyword)
    except (fits.VerifyError, ValueError, TypeError, LookupError):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    printable = "".join(c if c.isprintable() else " " for c in str(value)[: 4 * _MAX_LENGTH])
    return " ".join(printable.split())[:_MAX_LENGTH]


def parse_number(text: str) -> float | None:
    """Return the number in a text, which may have a decimal comma, or None."""
    try:
        number = float(text.strip().replace(",", ".").upper().replace("D", "E"))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_number(header: Any, keyword: str, default: float) -> float:
    """Return the value of a card as a number, even if it is written as a text."""
    number = parse_number(read_text(header, keyword))
    return default if number is None else number


def _format_seconds(text: str) -> str:
    try:
        return f"{float(text):,.6g} s"
    except ValueError:
        return text
