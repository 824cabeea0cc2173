"""Read angles in the spellings of FITS headers."""

from __future__ import annotations

import re
from typing import Any

_SEXAGESIMAL = re.compile(
    r"\s*([+-]?)(\d{1,3})[hd°:\s]+(\d{1,2})(?:[m':\s]+(\d{1,2}(?:\.\d*)?)[s\"]?)?\s*", re.IGNORECASE
)
_FULL = 60
_MAX_LENGTH = 68  # of the text of a card; long ones of many spaces would take minutes


def parse_angle(value: Any) -> float | None:
    """Return the number of a card, plain or sexagesimal, or None if it is not one."""
    sexagesimal = parse_sexagesimal(value)
    if sexagesimal is not None:
        return sexagesimal
    try:
        return float(str(value).strip().rstrip("°"))
    except ValueError:
        return None


def parse_sexagesimal(value: Any) -> float | None:
    """Return "16 41 41.6" as 16.695, or None for other values, also of 60 minutes or seconds."""
    if not isinstance(value, str) or len(value) > _MAX_LENGTH:
        return None
    match = _SEXAGESIMAL.fullmatch(value)
    if not match:
        return None
    sign, whole, minutes, seconds = match.groups()
    if int(minutes) >= _FULL or float(seconds or 0) >= _FULL:
        return None
    angle = int(whole) + int(minutes) / 60 + float(seconds or 0) / 3600
    return -angle if sign == "-" else angle
