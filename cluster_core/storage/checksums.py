"""Checksums for cache entries: a damaged entry must not pass for an intact one."""

from __future__ import annotations

import zlib

N_CHECKSUM_BYTES = 4


def seal(content: bytes, *key: str | int) -> bytes:
    """Append a CRC-32 of a cache entry to its content.

    Parameters
    ----------
    content : bytes
        The content of the entry.
    *key : str or int
        The key of the entry, and everything else in its row. It is part of the checksum, because
        damage to the index of a database can return the row of another key.

    Returns
    -------
    bytes
        The content and four more bytes.
    """
    return content + _compute(content, key)


def unseal(sealed: object, *key: str | int) -> bytes | None:
    """Return the content of a sealed cache entry, or None if it is damaged or was never sealed.

    Parameters
    ----------
    sealed : object
        What the database returned: bytes, or after damage a value of any type.
    *key : str or int
        As passed to `seal`.
    """
    if not isinstance(sealed, bytes):
        return None
    content = sealed[:-N_CHECKSUM_BYTES]
    return content if _compute(content, key) == sealed[-N_CHECKSUM_BYTES:] else None


def _compute(content: bytes, key: tuple[str | int, ...]) -> bytes:
    name = "\0".join(map(str, key)).encode(errors="replace")
    return zlib.crc32(content, zlib.crc32(name)).to_bytes(N_CHECKSUM_BYTES, "little")
