"""A file that gives away what was written to it, so that it is never whole in memory."""

from __future__ import annotations

import io


class Pieces(io.RawIOBase):
    """A file to write to, which cannot seek."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: object) -> int:
        """Keep bytes until they are taken, and return their number."""
        piece = bytes(data)  # type: ignore[call-overload]
        self._waiting.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        whole = b"".join(self._waiting)
        self._waiting.clear()
        return whole
