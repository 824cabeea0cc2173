"""Read angles in the spellings of FITS headers."""

from __future__ import annotations

import re
from typing import Any

_SEXAGESIMAL = re.compile(
    r"\s*([+-]?)(\d{1,3})[hd°:\s]+(\d{1,2})(?:[m':\s]+(\d{1,2}(?:\.\d*)?)[s\"]?)?\s*", re.IGNORECASE
)


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
    """Return "16 41 41.6" as 16.695, or None for other values."""
    match = _SEXAGESIMAL.fullmatch(value) if isinstance(value, str) else None
    if not match:
        return None
    sign, whole, minutes, seconds = match.groups()
    angle = int(whole) + int(minutes) / 60 + float(seconds or 0) / 3600
    return -angle if sign == "-" else angle
