"""Read the directories (IFDs) of a TIFF file, without any of its pixels."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MAX_PAGES = 64
_MAX_SUB_PAGES = 16
# Type codes of integers and text: BYTE, ASCII, SHORT, LONG, SBYTE, UNDEFINED, SSHORT, SLONG, IFD,
# LONG8, IFD8.
_TYPES = {
    **{1: "u1", 2: "u1", 3: "u2", 4: "u4", 6: "i1", 7: "u1"},
    **{8: "i2", 9: "i4", 13: "u4", 16: "u8", 18: "u8"},
}
_SUB_IFDS, _ICC, _DNG_VERSION, _CFA_PATTERN, _NO_DATA = 330, 34675, 50706, 33422, 42113
_COLOUR_MAP = 320
_OFFSETS, _COUNTS = (273, 324), (279, 325)  # of strips, of tiles
# All tags that are read.
_TAGS = frozenset(
    {254, 255, 256, 257, 258, 259, 262, 266, 274, 277, 278, 284, 317, 322, 323, 338, 339, 530}
    | {*_OFFSETS, *_COUNTS, _COLOUR_MAP, _SUB_IFDS, _ICC, _DNG_VERSION, _CFA_PATTERN, _NO_DATA}
)
_SENSOR_DATA = frozenset({32803, 34892})  # photometric: colour filter array, linear raw
_NOT_THE_PICTURE = 0b101  # of the subfile type: a thumbnail, a mask
_OLD_THUMBNAIL = 2  # of the older tag for the same
_MASK = 4  # photometric
_MAX_NUMBER = 40  # characters
_TINY = 1 / 16  # of the pixels of the largest page: a thumbnail that is not called one


@dataclass(frozen=True)
class TiffPage:
    """One picture of a TIFF file.

    Attributes
    ----------
    offset : int
        Where its directory begins in the file.
    byte_order : str
        "<" or ">", of the numbers in directories and pixels.
    is_big : bool
        Whether the file is a BigTIFF.
    tags : mapping of int to ndarray
        The tags that matter here, with integers only.
    """

    offset: int
    byte_order: str
    is_big: bool
    tags: Mapping[int, NDArray[np.generic]]

    def first(self, tag: int, default: int = 0) -> int:
        """Return the first value of a tag."""
        values = self.tags.get(tag)
        return default if values is None else int(values[0])

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.first(256)

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.first(257)

    @cached_property
    def bits(self) -> tuple[int, ...]:
        """Bits of each sample; programs may write the number once for all samples."""
        bits = tuple(int(value) for value in self.tags.get(258, np.ones(1, int))[: self.samples])
        return bits * self.samples if len(bits) == 1 else bits

    @property
    def samples(self) -> int:
        """Number of samples of a pixel, including alpha."""
        return self.first(277, 1)

    @property
    def sample_format(self) -> int:
        """1 unsigned, 2 signed, 3 float, 4 undefined, 5 and 6 complex."""
        return self.first(339, 1)

    @property
    def photometric(self) -> int:
        """0 white is zero, 1 black is zero, 2 RGB, 3 palette, 5 CMYK, 6 YCbCr, 8 Lab."""
        return self.first(262, 1)

    @property
    def compression(self) -> int:
        """1 none, 5 LZW, 7 JPEG, 8 deflate, 50000 Zstandard, and so on."""
        return self.first(259, 1)

    @property
    def is_planar(self) -> bool:
        """Whether all red samples come before the first green one."""
        return self.samples > 1 and self.first(284, 1) == 2  # noqa: PLR2004 (the tag's value)

    @property
    def extra_samples(self) -> tuple[int, ...]:
        """Meaning of samples after the colours: 0 unknown, 1 premultiplied alpha, 2 alpha."""
        return tuple(int(value) for value in self.tags.get(338, np.zeros(0, int))[: self.samples])

    @property
    def tile_size(self) -> tuple[int, int] | None:
        """Width and height of the tiles, None if the page consists of strips."""
        return (self.first(322), self.first(323)) if 322 in self.tags else None  # noqa: PLR2004

    @property
    def icc_profile(self) -> bytes | None:
        """The colour profile, if there is one."""
        return self.tags[_ICC].tobytes() if _ICC in self.tags else None

    @property
    def is_secondary(self) -> bool:
        """Whether the file calls it a thumbnail or a mask."""
        is_mask = self.photometric == _MASK
        return is_mask or bool(
            self.first(254) & _NOT_THE_PICTURE or self.first(255) == _OLD_THUMBNAIL
        )

    @property
    def colour_map(self) -> NDArray[np.generic] | None:
        """The colours of a palette, shape (colours, 3), 0 to 65535; None without a palette."""
        values = self.tags.get(_COLOUR_MAP, np.zeros(0, int))
        return values.reshape(3, -1).T if values.size and values.size % 3 == 0 else None

    @property
    def no_data(self) -> float | None:
        """The value of pixels without a measurement, which mapping programs (GDAL) declare."""
        if _NO_DATA not in self.tags:
            return None
        try:
            return float(self.tags[_NO_DATA][:_MAX_NUMBER].tobytes().rstrip(b"\0 "))
        except ValueError:
            return None


def read_pages(data: bytes) -> list[TiffPage]:
    """Read the directories of a TIFF or BigTIFF file.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Returns
    -------
    list of TiffPage
        At least one, at most 64.

    Raises
    ------
    ValueError
        The first directory is damaged.
    """
    pages: list[TiffPage] = []
    at, seen = _read_layout(data)[2], set[int]()
    while at and at not in seen and len(pages) < _MAX_PAGES:
        seen.add(at)
        try:
            page, at = _read_page(data, at)
        except ValueError:
            break  # the pages before are good
        pages.append(page)
    if not pages:
        raise ValueError("the first directory is damaged")
    return pages


def rank_pages(data: bytes, pages: list[TiffPage]) -> list[TiffPage]:
    """Return the pages in the order in which they are tried.

    Thumbnails and masks are left out if there is a picture, which may be below the first page.
    Pages that are tiny beside the largest one come last.
    """
    pictures = [page for page in pages if not page.is_secondary]
    pictures = pictures or [
        page for page in _read_sub_pages(data, pages[0]) if not page.is_secondary
    ]
    found = pictures or pages
    largest = max(page.width * page.height for page in found)
    return sorted(found, key=lambda page: page.width * page.height < _TINY * largest)


def is_camera_raw(data: bytes, pages: list[TiffPage]) -> bool:
    """Tell whether a TIFF is a camera raw file, whose first page is often a thumbnail."""
    if data[8:10] == b"CR":  # Canon
        return True
    return any(_has_sensor_data(page) for page in [*pages, *_read_sub_pages(data, pages[0])])


def _has_sensor_data(page: TiffPage) -> bool:
    has_tag = _DNG_VERSION in page.tags or _CFA_PATTERN in page.tags
    return has_tag or page.photometric in _SENSOR_DATA


def _read_sub_pages(data: bytes, page: TiffPage) -> list[TiffPage]:
    found = []
    for offset in page.tags.get(_SUB_IFDS, np.zeros(0, int))[:_MAX_SUB_PAGES]:
        try:
            found.append(_read_page(data, int(offset))[0])
        except ValueError:
            continue
    return found


def _read_layout(data: bytes) -> tuple[str, bool, int]:
    """Return the byte order, whether it is a BigTIFF, and the offset of the first directory."""
    order = "<" if data[:2] == b"II" else ">"
    is_big = b"+" in data[2:4]
    at, size = (8, 8) if is_big else (4, 4)
    return order, is_big, _read_number(data, at, size, order)


def _read_page(data: bytes, at: int) -> tuple[TiffPage, int]:
    """Return the directory at an offset, and the offset of the next one (0 for none)."""
    order, is_big, _ = _read_layout(data)
    word = 8 if is_big else 4
    n_entries = _read_number(data, at, word if is_big else 2, order)
    start = at + (word if is_big else 2)
    entry = struct.Struct(f"{order}HH{'Q' if is_big else 'I'}{word}x")  # tag, type, count, value
    end = start + n_entries * entry.size
    if not 0 < n_entries <= 2**16 or end > len(data):
        raise ValueError("a directory reaches beyond the end of the file")
    tags = {}
    for index, (tag, kind, count) in enumerate(entry.iter_unpack(data[start:end]), start=1):
        code = _TYPES.get(kind) if tag in _TAGS else None
        if code is not None:
            value_at = start + index * entry.size - word
            values = _read_values(data, np.dtype(order + code), count, (value_at, word))
            if values is not None:
                tags[tag] = values
    following = _read_number(data, end, word, order) if end + word <= len(data) else 0
    return TiffPage(at, order, is_big, tags), following


def _read_values(
    data: bytes, dtype: np.dtype[Any], count: int, value: tuple[int, int]
) -> NDArray[np.generic] | None:
    """Return the values of a tag, whose entry has room for a few of them or for an offset."""
    at, word = value
    if count * dtype.itemsize > word:
        at = _read_number(data, at, word, "<" if data[:2] == b"II" else ">")
    if not count or at + count * dtype.itemsize > len(data):
        return None  # pixels are refused later if it is a tag that matters
    return np.frombuffer(data, dtype, count, at)


def _read_number(data: bytes, at: int, n_bytes: int, order: str) -> int:
    raw = data[at : at + n_bytes]
    if len(raw) < n_bytes:
        raise ValueError("the file ends early")
    return int.from_bytes(raw, "little" if order == "<" else "big")
