"""Name the varieties of JPEG that are sound but not decoded, lest they be called damaged."""

from __future__ import annotations

# Markers that begin a frame: all from C0 to CF but three, and that of JPEG-LS.
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}
_DECODED = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # baseline to progressive, Huffman, arithmetic
_LOSSLESS, _LS = frozenset({0xC3, 0xC7, 0xCB, 0xCF}), 0xF7
_BITS, _FILL_BYTE = 8, 0xFF
_MAX_MARKERS = 10_000


def name_unsupported_jpeg(data: bytes) -> str | None:
    """Name what makes a JPEG unreadable, such as "a JPEG of 12 bits", or None."""
    at = 2
    for _ in range(_MAX_MARKERS):
        if data[at : at + 1] != b"\xff" or at + 5 > len(data):
            break
        marker = data[at + 1]
        if marker == _FILL_BYTE:
            at += 1
            continue
        if marker in _FRAMES:
            return _name(marker, data[at + 4])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _name(marker: int, bits: int) -> str | None:
    if marker == _LS:
        return "a JPEG-LS picture"
    if marker in _LOSSLESS:
        return "a lossless JPEG"
    if marker not in _DECODED:
        return "a hierarchical JPEG"
    return None if bits == _BITS else f"a JPEG of {bits} bits"
