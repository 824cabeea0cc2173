"""Count the entries of a .zip without building a list of them.

Python's zipfile creates an object per entry as soon as it opens a file: an archive of a few
megabytes with a million entries would take minutes and gigabytes of memory.
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
    """Count the entries of a .zip, stopping as soon as there are too many.

    Parameters
    ----------
    file : binary file
        Open for reading, seekable.
    limit : int
        The number of entries allowed.
    max_directory_bytes : int
        The size allowed for the central directory, the list of entries.

    Returns
    -------
    int
        The declared or the actual number of entries, whichever is larger. More than
        `limit` if there are too many entries or the directory is too large; 0 if the
        file is not a .zip.
    """
    file_bytes = file.seek(0, 2)
    file.seek(max(0, file_bytes - _END.size - _MAX_COMMENT))
    tail = file.read()
    offset = tail.rfind(_END_MAGIC)
    if offset < 0 or len(tail) - offset < _END.size:
        return 0
    end = file_bytes - len(tail) + offset
    _, _, _, _, declared, directory_bytes, _, _ = _END.unpack_from(tail, offset)
    zip64 = _read_end_64(file, end)
    if zip64:
        declared, directory_bytes = zip64
        end -= _LOCATOR.size + _END_64.size
    if directory_bytes > max_directory_bytes:
        return max(declared, limit + 1)
    # zipfile reads the whole directory, whatever number of entries is declared.
    file.seek(max(0, end - directory_bytes))
    return max(declared, _count_headers(file.read(directory_bytes), limit))


def _read_end_64(file: BinaryIO, end: int) -> tuple[int, int] | None:
    """Return the number of entries and the directory size from the zip64 record, if any."""
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
    offset = n_entries = 0
    while offset + _ENTRY_BYTES <= len(directory) and n_entries <= limit:
        lengths = _ENTRY_LENGTHS.unpack_from(directory, offset + _ENTRY_LENGTHS_AT)
        offset += _ENTRY_BYTES + sum(lengths)
        n_entries += 1
    return n_entries
