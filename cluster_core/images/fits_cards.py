"""What a FITS header says about a picture, in words; a header may hold anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster_core.images.library_warnings import silence_library_warnings

_MAX_LENGTH = 80
# The first of the keywords that says something; observatories have their own habits.
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
    """Return what a header says, by what it is about: Object, Exposure, Date ...

    Parameters
    ----------
    header : astropy.io.fits.Header
        A card that cannot be read is as good as missing.

    Returns
    -------
    dict of str to str
        Without what the header does not say. Each at most 80 characters, on one line.
    """
    silence_library_warnings()
    found = {}
    for what, keywords in _KEYWORDS.items():
        for keyword in keywords:
            if text := _read_text(header, keyword):
                found[what] = _write_seconds(text) if keyword == _SECONDS else text
                break
    return found


def describe_values(header: Any) -> str:
    """Say how a pixel is stored; empty where the header does not tell."""
    for keyword in ("ZBITPIX", "BITPIX"):
        bits = _read_text(header, keyword)
        if bits:
            return _VALUE_TYPES.get(int(bits), "") if bits.lstrip("-").isdecimal() else ""
    return ""


def _read_text(header: Any, keyword: str) -> str:
    from astropy.io import fits

    try:
        value = header.get(keyword)
    except (fits.VerifyError, ValueError, TypeError, LookupError):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    shown = "".join(sign if sign.isprintable() else " " for sign in str(value)[: 4 * _MAX_LENGTH])
    return " ".join(shown.split())[:_MAX_LENGTH]


def _write_seconds(text: str) -> str:
    try:
        return f"{float(text):,.6g} s"
    except ValueError:
        return text
