"""Reduce a FITS header to the cards that say how the pixels are stored, and repair them.

Whatever else a header contains, it is not a reason to refuse good pixels.
"""

from __future__ import annotations

import re

from cluster_core.images.astronomy.fits_cards import parse_number

_CARD_BYTES = 80
_VALUE_START = 10
_BLOCK_BYTES = 2880
# Structure, scaling, and the columns and settings of compressed pictures.
_KEPT = re.compile(
    rb"(?:SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|BSCALE|BZERO|BLANK"
    rb"|TFIELDS|THEAP|T(?:TYPE|FORM|UNIT|NULL|SCAL|ZERO|DIM)\d+|Z\w+) *"
)
_SCALING = (b"BSCALE", b"BZERO", b"BLANK")
_STRUCTURE = re.compile(rb"BITPIX|NAXIS\d*")
_PLAIN_INTEGER = re.compile(rb"[+-]?\d+")
_PLAIN_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[ED][+-]?\d+)?")


def keep_pixel_cards(header: bytes) -> bytes:
    """Return a header with only the cards that astropy needs to read the pixels.

    Parameters
    ----------
    header : bytes
        A header whose sizes have been checked, up to the start of its data.

    Returns
    -------
    bytes
        Whole blocks of 2880 bytes. BSCALE, BZERO, BLANK, BITPIX and NAXIS are numbers even if
        they were written as texts or with a decimal comma; if they are not numbers, they are
        missing.
    """
    cards: dict[bytes, bytes] = {}
    for start in range(0, len(header), _CARD_BYTES):
        card = header[start : start + _CARD_BYTES]
        keyword, indicator = card[:8], card[8:_VALUE_START]
        if indicator == b"= " and _KEPT.fullmatch(keyword):
            # The first counts and was checked, but one of astropy's readers takes the last.
            cards.setdefault(keyword, card)
    kept = b"".join(map(_repair, cards.values())) + b"END"
    return kept + b" " * (-len(kept) % _BLOCK_BYTES)


def _repair(card: bytes) -> bytes:
    keyword = card[:8].rstrip()
    value = card[_VALUE_START:].split(b"/")[0].strip()
    is_structure = _STRUCTURE.fullmatch(keyword)
    if keyword not in _SCALING and not is_structure:
        return card
    number = parse_number(value.strip(b"' ").decode("ascii", "replace"))
    if number is None or (keyword == b"BSCALE" and number == 0):
        return b""
    if (_PLAIN_INTEGER if is_structure else _PLAIN_NUMBER).fullmatch(value):
        return card
    text = str(int(number)) if number.is_integer() else repr(number).upper()
    return f"{keyword.decode():8}= {text:>20}".encode().ljust(_CARD_BYTES)
