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

    Positions are distributed uniformly. Files of one subject share a position.
    """
    # File names need not be UTF-8; Python decodes other bytes as surrogates.
    subject = extract_subject(file_name).encode("utf-8", "surrogateescape")
    digest = hashlib.sha1(subject, usedforsecurity=False).digest()
    return int.from_bytes(digest) / 2 ** (8 * len(digest)) * 100


def extract_subject(file_name: str) -> str:
    """Return the subject of a picture: the catalogue number in its file name, else the name.

    Everything from `_nohash_` on is ignored, so that variants of a picture share a subject.

    Returns
    -------
    str
        For example "m13", "ngc7789" or "my picture.jpg".
    """
    stem = file_name.split("_nohash_", maxsplit=1)[0]
    found = _CATALOGUE_NAME.search(stem)
    if not found:
        return stem
    catalogue = found["catalogue"].lower().replace("messier", "m")
    return f"{catalogue}{int(found['number'])}"
