"""How many entries a .zip claims, found without a list of them being made.

Python's zipfile makes an object of every entry before one of them can be looked at: a file of
some megabytes that claims a million would take minutes and gigabytes.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

_END = struct.Struct("<4s4H2LH")
_END_MAGIC = b"PK\x05\x06"
_MAX_COMMENT = 65_535
_LOCATOR = struct.Struct("<4sLQL")
_LOCATOR_MAGIC = b"PK\x06\x07"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_MAGIC = b"PK\x06\x06"
_ENTRY_BYTES = 46
_ENTRY_LENGTHS = struct.Struct("<3H")  # of name, extra field and comment
_ENTRY_LENGTHS_AT = 28


def count_entries(file: BinaryIO, limit: int, max_directory_bytes: int) -> int:
    """Count the entries of a .zip, no further than needed to see that they are too many.

    Parameters
    ----------
    file : binary file
        Open for reading and seeking.
    limit : int
        How many are allowed.
    max_directory_bytes : int
        How long the list of them may be.

    Returns
    -------
    int
        The number claimed or found, whichever is larger. More than `limit` if there are
        too many, or if their list is too long; 0 where it is no .zip.
    """
    file_bytes = file.seek(0, 2)
    file.seek(max(0, file_bytes - _END.size - _MAX_COMMENT))
    tail = file.read()
    place = tail.rfind(_END_MAGIC)
    if place < 0 or len(tail) - place < _END.size:
        return 0
    end = file_bytes - len(tail) + place
    _, _, _, _, claimed, directory_bytes, _, _ = _END.unpack_from(tail, place)
    large = _read_end_64(file, end)
    if large:
        claimed, directory_bytes = large
        end -= _LOCATOR.size + _END_64.size
    if directory_bytes > max_directory_bytes:
        return max(claimed, limit + 1)
    # zipfile goes by the length of the list, whatever number was claimed.
    file.seek(max(0, end - directory_bytes))
    return max(claimed, _count_headers(file.read(directory_bytes), limit))


def _read_end_64(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """Return number and length from the larger record that may stand before the end, if any."""
    start = end - _LOCATOR.size - _END_64.size
    if start < 0:
        return None
    file.seek(start)
    record = file.read(_END_64.size + _LOCATOR.size)
    if not record.startswith(_END_64_MAGIC) or record[_END_64.size :][:4] != _LOCATOR_MAGIC:
        return None
    fields = _END_64.unpack_from(record)
    return fields[7], fields[8]


def _count_headers(directory: bytes, limit: int) -> int:
    place = n_entries = 0
    while place + _ENTRY_BYTES <= len(directory) and n_entries <= limit:
        place += _ENTRY_BYTES + sum(
            _ENTRY_LENGTHS.unpack_from(directory, place + _ENTRY_LENGTHS_AT)
        )
        n_entries += 1
    return n_entries
