"""Check values read from JSON files, which may have been damaged or edited by hand."""

from __future__ import annotations

import math
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import PurePosixPath

# Raised by reading a field that is missing, or has the wrong type, size or depth.
MALFORMED_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError),
    *(OverflowError, RecursionError),
)
MAX_COUNT = 10**12


def parse_time(value: object) -> datetime:
    """Return a saved time in UTC; one without a time zone is taken as UTC.

    Raises
    ------
    ValueError, OverflowError
        The value is not a time in ISO 8601, or so early or late that other time zones would be
        out of the range of `datetime`.
    """
    time = datetime.fromisoformat(check_text(value))
    time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    if not MINYEAR < time.year < MAXYEAR:
        raise ValueError(f"{value!r} is out of range")
    return time


def check_time(value: object) -> str:
    """Return a saved time as ISO 8601 in UTC.

    Raises
    ------
    ValueError, OverflowError
        As for `parse_time`.
    """
    return parse_time(value).isoformat()


def check_text(value: object) -> str:
    """Return the value, a string.

    Raises
    ------
    ValueError
        It is not a string.
    """
    if not isinstance(value, str):
        raise ValueError("a text was expected")
    return value


def check_shown_text(value: object) -> str:
    """Return the value, a string, as `make_printable` does.

    Raises
    ------
    ValueError
        It is not a string.
    """
    return make_printable(check_text(value))


def make_printable(text: str) -> str:
    """Return a text that a browser can show: bytes of a file name that are not UTF-8 are escaped.

    Python decodes such bytes as surrogates, which cannot be sent to a browser.
    """
    return text.encode("utf-8", "backslashreplace").decode()


def check_integer(value: object) -> int:
    """Return the value, a whole number from -`MAX_COUNT` to `MAX_COUNT`.

    Raises
    ------
    ValueError
        It is not.
    """
    if type(value) is not int or abs(value) > MAX_COUNT:
        raise ValueError("a whole number was expected")
    return value


def check_count(value: object) -> int:
    """Return the value, a whole number from 0 to `MAX_COUNT`.

    Raises
    ------
    ValueError
        It is not.
    """
    count = check_integer(value)
    if count < 0:
        raise ValueError("a number from 0 was expected")
    return count


def check_number(value: object) -> float:
    """Return the value, a finite number.

    Raises
    ------
    ValueError
        It is not.
    OverflowError
        It is too large for a float.
    """
    if type(value) not in (int, float) or not math.isfinite(value):  # type: ignore[arg-type]
        raise ValueError("a number was expected")
    return float(value)  # type: ignore[arg-type]


def check_inner_path(value: object) -> PurePosixPath:
    """Return the value as a path that stays inside the folder it is relative to.

    Raises
    ------
    ValueError
        It is not a string, or leads out of the folder.
    """
    path = PurePosixPath(check_text(value))
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in str(path):
        raise ValueError("a path inside the folder was expected")
    return path
