"""Walks the headers of a FITS file and checks every size in them before data is touched.

astropy takes sizes as they stand: with NAXIS = 1000000000 it counts that far, and it
takes memory for what a compressed picture claims to be.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.fits_cards import describe_values, read_cards

_BLOCK_BYTES = 2880
_MAX_PARTS = 1000
_MAX_AXES = 999  # of the standard
_MAX_SIZE = 2**40
_BITPIX = frozenset({8, 16, 32, 64, -32, -64})
# What the standard allows; the decoder of Rice tiles trusts them with its memory.
_RICE_SETTINGS = {"BLOCKSIZE": (16, 32), "BYTEPIX": (1, 2, 4)}
_TABLES = frozenset({"TABLE", "BINTABLE", "A3DTABLE"})


@dataclass(frozen=True)
class FitsPart:
    """One header-and-data unit (HDU).

    Attributes
    ----------
    index : int
        Its place in the file, from 0.
    name : str
        Its EXTNAME, often empty.
    shape : tuple of int
        Axes of its picture in NumPy's order, (..., height, width); empty if it holds none.
    tile_shape : tuple of int or None
        The tiles of a compressed picture, in the same order.
    compression : str
        How its tiles are compressed, empty if they are not.
    is_table : bool
        Whether it is a table and no picture.
    end : int
        Where its data ends in the file, in bytes, without padding.
    cards : mapping of str to str
        What its header says of object, exposure and so on.
    value_type : str
        How a pixel is stored, in words.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    tile_shape: tuple[int, ...] | None
    compression: str
    is_table: bool
    end: int
    cards: Mapping[str, str] = field(default_factory=dict)
    value_type: str = ""

    @property
    def holds_picture(self) -> bool:
        """Whether it has two axes longer than 1; a spectrum has one."""
        return len(self.shape) > 1 and min(self.shape) > 0 and min(self.shape[-2:]) > 1

    @property
    def n_planes(self) -> int:
        """How many pictures lie one behind another."""
        return math.prod(self.shape[:-2])


def walk_parts(data: bytes, name: str) -> Iterator[FitsPart]:
    """Go through the parts of a file, reading headers only and no further than asked.

    Parameters
    ----------
    data : bytes
        The file, unpacked.
    name : str
        Its name, for messages.

    Raises
    ------
    ImageError
        UNREADABLE, at the first header that cannot be right.
    """
    from astropy.io import fits

    start = 0
    for index in range(_MAX_PARTS):
        # What follows the last part is to be ignored, says the standard.
        if index > 0 and data[start : start + 8] != b"XTENSION":
            return
        stream = io.BytesIO(data)
        stream.seek(start)
        try:
            header = fits.Header.fromfile(stream, padding=False)
            part = _check_header(header, index, stream.tell())
        except (OSError, ValueError, TypeError, LookupError, fits.VerifyError) as error:
            raise ImageError(
                f"{name} has a damaged FITS header ({error}): fetch a new copy of the file.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            ) from error
        yield part
        start = -(-part.end // _BLOCK_BYTES) * _BLOCK_BYTES


def _check_header(header: Any, index: int, data_start: int) -> FitsPart:
    """Raise ValueError for a size that no FITS file can have."""
    bitpix = header.get("BITPIX")
    if bitpix not in _BITPIX:
        raise ValueError(f"BITPIX is {bitpix!r}")
    axes = _axes(header, "NAXIS", "NAXIS")
    is_groups = header.get("GROUPS") is True and axes[:1] == [0]
    n_values = math.prod(axes[1:] if is_groups else axes) if axes else 0
    n_values += _whole(header, "PCOUNT", 0, default=0)
    n_values *= _whole(header, "GCOUNT", 1, default=1)
    kind = str(header.get("XTENSION", "IMAGE")).strip()
    tile_shape = None
    if kind == "BINTABLE" and header.get("ZIMAGE") is True:
        axes, tile_shape = _check_compressed(header)
    return FitsPart(
        index=index,
        name=str(header.get("EXTNAME", "")).strip(),
        shape=tuple(reversed(axes)) if tile_shape or kind == "IMAGE" else (),
        tile_shape=tile_shape,
        compression=str(header.get("ZCMPTYPE", "")).strip() if tile_shape else "",
        is_table=kind in _TABLES and tile_shape is None,
        end=data_start + n_values * abs(bitpix) // 8,
        cards=read_cards(header),
        value_type=describe_values(header),
    )


def _check_compressed(header: Any) -> tuple[list[int], tuple[int, ...]]:
    """Return the picture's own axes, in FITS order, and the shape of its tiles."""
    _whole(header, "TFIELDS", 1, _MAX_AXES)
    _whole(header, "NAXIS1", 1)
    for card in header["ZNAME*"]:
        key = card.replace("ZNAME", "ZVAL")
        allowed = _RICE_SETTINGS.get(str(header[card]).upper())
        if allowed and header.get(key) not in allowed:
            raise ValueError(f"{key} is {header.get(key)!r}, expected one of {allowed}")
    axes = _axes(header, "ZNAXIS", "ZNAXIS")
    # Left out, a tile is a row.
    tiles = [
        _whole(header, f"ZTILE{i}", 1, default=size if i == 1 else 1)
        for i, size in enumerate(axes, start=1)
    ]
    return axes, tuple(min(tile, size) for tile, size in zip(tiles, axes, strict=True))[::-1]


def _axes(header: Any, count_key: str, size_key: str) -> list[int]:
    n_axes = _whole(header, count_key, 0, _MAX_AXES)
    return [_whole(header, f"{size_key}{i}", 0) for i in range(1, n_axes + 1)]


def _whole(
    header: Any, key: str, least: int, greatest: int = _MAX_SIZE, default: int | None = None
) -> int:
    value = header.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= greatest:
        raise ValueError(f"{key} is {value!r}, expected a whole number from {least} up")
    return value
