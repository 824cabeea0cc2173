"""Check the sizes in the AV1 data of an AVIF, which may be larger than its container says.

The decoder allocates what the data claims, and only then compares it with the container.
"""

from __future__ import annotations

from collections.abc import Iterator

from cluster_core.images.limits import ImageLimits, check_pixels

_SEQUENCE_HEADER = 1  # type of an open bitstream unit (OBU)
_TIMING_BITS = 64
_LEVEL_WITH_TIER = 7


def check_avif(data: bytes, name: str, limits: ImageLimits) -> None:
    """Check the size of every picture in an AVIF.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for the message.
    limits : ImageLimits
        The limits.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    ValueError
        The file is damaged.
    """
    for coded in _read_coded_items(data):
        for kind, unit in _walk_units(coded):
            if kind == _SEQUENCE_HEADER:
                check_pixels(*_read_size(unit), name, limits)


def as_still(data: bytes) -> bytes:
    """Return an AVIF whose main picture is read rather than its animation, which is unchecked."""
    return data[:8] + b"avif" + data[12:]


def _walk_boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the type of each box, and where its content begins and ends."""
    while start + 8 <= end:
        size, head = int.from_bytes(data[start : start + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        stop = min(start + size, end) if size else end
        if stop < start + head:
            raise ValueError("a box is shorter than its header")
        yield data[start + 4 : start + 8], start + head, stop
        start = stop


def _read_coded_items(data: bytes) -> Iterator[bytes]:
    """Yield the AV1 data of each picture: the main one, its tiles, its alpha."""
    for kind, start, end in _walk_boxes(data, 0, len(data)):
        if kind != b"meta":
            continue
        boxes = {kind: (start, end) for kind, start, end in _walk_boxes(data, start + 4, end)}
        if b"iloc" not in boxes:
            raise ValueError("the pictures have no location")
        coded = _list_coded_items(data, *boxes.get(b"iinf", (0, 0)))
        inline = boxes.get(b"idat", (0, 0))[0]
        for item, parts in _read_locations(_Numbers(data[slice(*boxes[b"iloc"])]), inline):
            if item in coded:
                if sum(max(0, n or len(data)) for _, n in parts) > 2 * len(data):
                    raise ValueError("the parts of a picture overlap")
                yield b"".join(data[at : at + n if n else None] for at, n in parts)


def _list_coded_items(data: bytes, start: int, end: int) -> set[int]:
    """Return the numbers of the items that are AV1 pictures."""
    skip = 4 + (2 if data[start : start + 1] == b"\0" else 4)
    found = set()
    for _, at, stop in _walk_boxes(data, start + skip, end):
        n_bytes = 2 if data[at : at + 1] == b"\2" else 4  # version 2, else 3
        item, kind_at = int.from_bytes(data[at + 4 : at + 4 + n_bytes], "big"), at + 6 + n_bytes
        if data[kind_at : min(kind_at + 4, stop)] == b"av01":
            found.add(item)
    return found


def _read_locations(numbers: _Numbers, inline: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each item's number, and offset and length of its parts; length 0 is to the end."""
    version = numbers.take(8)
    numbers.take(24)
    bits = [8 * numbers.take(4) for _ in range(4)]  # of offsets, lengths, base offsets, indices
    for _ in range(numbers.take(16 if version < 2 else 32)):  # noqa: PLR2004 (version)
        item = numbers.take(16 if version < 2 else 32)  # noqa: PLR2004 (version)
        is_inline = version > 0 and numbers.take(16) & 15 == 1
        numbers.take(16)
        base = numbers.take(bits[2]) + (inline if is_inline else 0)
        parts = []
        for _ in range(numbers.take(16)):
            if version:
                numbers.take(bits[3])
            parts.append((base + numbers.take(bits[0]), numbers.take(bits[1])))
        yield item, parts


def _walk_units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield type and content of each open bitstream unit (OBU)."""
    at = 0
    while at < len(data):
        head, at = data[at], at + 1 + (data[at] >> 2 & 1)
        size = len(data) - at
        if head & 2:
            size = shift = 0
            while at < len(data):
                size, shift, at = size | (data[at] & 127) << shift, shift + 7, at + 1
                if data[at - 1] < 128 or shift > 56:  # noqa: PLR2004 (a number of 7-bit groups)
                    break
        yield head >> 3 & 15, data[at : at + size]
        at += size


def _read_size(sequence_header: bytes) -> tuple[int, int]:
    """Return the largest width and height of frames (AV1 specification, section 5.5)."""
    numbers = _Numbers(sequence_header)
    numbers.take(4)
    if numbers.take(1):  # a reduced header, of a still picture
        numbers.take(5)
    else:
        _skip_operating_points(numbers)
    width_bits, height_bits = numbers.take(4) + 1, numbers.take(4) + 1
    return numbers.take(width_bits) + 1, numbers.take(height_bits) + 1


def _skip_operating_points(numbers: _Numbers) -> None:
    delay_bits = 0
    if numbers.take(1):  # timing
        numbers.take(_TIMING_BITS)
        if numbers.take(1):
            n_zeros = 0
            while not numbers.take(1):
                n_zeros += 1
            numbers.take(n_zeros)
        if numbers.take(1):  # decoder model
            delay_bits = numbers.take(5) + 1
            numbers.take(32 + 5 + 5)
    has_display_delay = numbers.take(1)
    for _ in range(numbers.take(5) + 1):
        numbers.take(12)
        if numbers.take(5) > _LEVEL_WITH_TIER:
            numbers.take(1)
        if delay_bits and numbers.take(1):
            numbers.take(2 * delay_bits + 1)
        if has_display_delay and numbers.take(1):
            numbers.take(4)


class _Numbers:
    """Numbers of any number of bits, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, n_bits: int) -> int:
        first, self._at = self._at, self._at + n_bits
        if self._at > 8 * len(self._data):
            raise ValueError("a header ends early")
        whole = self._data[first // 8 : -(-self._at // 8)]
        return int.from_bytes(whole, "big") >> -self._at % 8 & (1 << n_bits) - 1
