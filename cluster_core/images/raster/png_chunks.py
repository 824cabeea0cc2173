"""Drop the chunks of a PNG that do not hold pixels, which Pillow would refuse it for.

Pillow gives up a PNG whose text is long or whose metadata has a wrong checksum. Viewers
show such pictures, because the format calls these chunks ancillary.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE_BYTES = 8
_FRAME_BYTES = 12  # length, type and checksum
_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_USEFUL = frozenset({b"tRNS", b"eXIf", b"iCCP"})  # ancillary, but they change what is seen
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_MAX_PROFILE_BYTES = 1_000_000  # Pillow's own limit


def keep_pixels(data: bytes, *, is_animated: bool = False) -> bytes:
    """Return a PNG with the chunks that matter for its pixels only.

    Parameters
    ----------
    data : bytes
        A PNG, possibly damaged or incomplete.
    is_animated : bool
        Keep the frames of an animation, too, without which only the first picture is left.

    Returns
    -------
    bytes
        The same PNG without text, dates and other metadata, and without a damaged palette of
        transparency, orientation or colour profile. Pixels and their checksums are
        unchanged.
    """
    view = memoryview(data)
    kept = [view[:_SIGNATURE_BYTES]]
    needed = _CRITICAL | _ANIMATION if is_animated else _CRITICAL
    kept += [view[start:end] for start, end in _walk(data) if _matters(view[start:end], needed)]
    return b"".join(kept)


def _walk(data: bytes) -> Iterator[tuple[int, int]]:
    at = _SIGNATURE_BYTES
    while at + _FRAME_BYTES <= len(data):
        end = at + _FRAME_BYTES + int.from_bytes(data[at : at + 4], "big")
        yield at, end
        at = end


def _matters(chunk: memoryview, needed: frozenset[bytes]) -> bool:
    kind = bytes(chunk[4:8])
    return kind in needed or (kind in _USEFUL and _is_sound(kind, bytes(chunk)))


def _is_sound(kind: bytes, chunk: bytes) -> bool:
    if len(chunk) < _FRAME_BYTES or chunk[-4:] != struct.pack(">I", zlib.crc32(chunk[4:-4])):
        return False
    return kind != b"iCCP" or _unpacks(chunk[8:-4].partition(b"\0")[2][1:])


def _unpacks(packed: bytes) -> bool:
    unpacker = zlib.decompressobj()
    try:
        unpacker.decompress(packed, _MAX_PROFILE_BYTES)
    except zlib.error:
        return False
    return unpacker.eof
