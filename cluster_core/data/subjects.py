"""Recognise the subject of a picture by its file name, so that one subject is on one side."""

from __future__ import annotations

import hashlib
import re

_CATALOGUE_NAME = re.compile(
    r"(?<![a-z0-9])(?P<catalogue>messier|m|ngc|ic)[ _-]?0*(?P<number>[1-9]\d{0,3})(?!\d)",
    re.IGNORECASE,
)


def compute_split_position(file_name: str) -> float:
    """Return a position from 0 to 100 that depends on the file name alone.

    Files of one subject share a position.
    """
    return compute_position(extract_subject(file_name))


def compute_position(key: str) -> float:
    """Return a position from 0 to 100 for any text; positions are distributed uniformly."""
    # File names need not be UTF-8; Python decodes other bytes as surrogates.
    encoded = key.encode("utf-8", "surrogateescape")
    digest = hashlib.sha1(encoded, usedforsecurity=False).digest()
    return int.from_bytes(digest) / 2 ** (8 * len(digest)) * 100


def extract_subject(file_name: str) -> str:
    """Return the subject of a picture: the object that `find_subject` finds, else the file name."""
    subject = find_subject(file_name)
    return file_name if subject is None else subject


def find_subject(file_name: str) -> str | None:
    """Return the object that a file name names.

    Returns
    -------
    str or None
        The catalogue number in the name, for example "m13" or "ngc7789"; else the name up to
        `_nohash_`, which marks variants of a picture; else None.
    """
    stem, marker, _ = file_name.partition("_nohash_")
    found = _CATALOGUE_NAME.search(stem)
    if not found:
        return stem if marker else None
    catalogue = found["catalogue"].lower().replace("messier", "m")
    return f"{catalogue}{int(found['number'])}"
