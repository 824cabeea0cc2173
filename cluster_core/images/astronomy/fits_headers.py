"""Walk the headers of a FITS file and check every size before any data is read.

astropy trusts the sizes in a header: with NAXIS = 1000000000 it loops that many times,
and it allocates the size that a compressed picture claims to have.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_axes import PictureAxes, find_axes
from cluster_core.images.astronomy.fits_cards import (
    describe_values,
    parse_number,
    read_cards,
    read_number,
    read_text,
)
from cluster_core.images.astronomy.fits_mosaic import find_pattern

_BLOCK_BYTES = 2880
_MAX_PARTS = 1000
_MAX_AXES = 999  # FITS standard
_MAX_SIZE = 2**40
_BITPIX = frozenset({8, 16, 32, 64, -32, -64})
# The values of the FITS standard; others corrupt the memory of the Rice decoder.
_RICE_SETTINGS = {"BLOCKSIZE": (16, 32), "BYTEPIX": (1, 2, 4)}
_FILLER = -32768  # of 16-bit files whose header does not declare one
# Raised by astropy on damaged headers.
_HEADER_ERRORS = (OSError, EOFError, ValueError, TypeError, LookupError)
_TABLES = frozenset({"TABLE", "BINTABLE", "A3DTABLE"})


@dataclass(frozen=True)
class FitsPart:
    """One header-and-data unit (HDU).

    Attributes
    ----------
    index : int
        Index in the file, from 0.
    name : str
        Its EXTNAME, often empty.
    shape : tuple of int
        Shape of its array in NumPy's order, the reverse of NAXIS1, NAXIS2, ...; empty for a
        table.
    axes : PictureAxes or None
        What the axes of the array mean; None if it is not a picture, as in a spectrum.
    tile_shape : tuple of int or None
        Shape of the tiles of a compressed picture, in the same order; None if uncompressed.
    compression : str
        Compression method of the tiles; empty if uncompressed.
    is_table : bool
        Whether it is a table rather than a picture.
    start, data_start, end : int
        Byte offsets in the file where its header starts, where its data starts, and where
        they end, without padding.
    lowest : float
        The value of a pixel that is stored as -32768.
    mosaic : str
        Colours of the first 2 x 2 pixels if each has only one; see `find_pattern`.
    is_top_down : bool
        Whether the first row of the data is the top one, unlike in the standard.
    cards : mapping of str to str
        Object, exposure and so on, from its header; see `read_cards`.
    value_type : str
        How a pixel is stored, in words.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    axes: PictureAxes | None
    tile_shape: tuple[int, ...] | None
    compression: str
    is_table: bool
    start: int
    data_start: int
    end: int
    lowest: float = -32768.0
    mosaic: str = ""
    is_top_down: bool = False
    cards: Mapping[str, str] = field(default_factory=dict)
    value_type: str = ""


def walk_parts(data: bytes, name: str) -> Iterator[FitsPart]:
    """Iterate lazily over the parts of a FITS file, reading only headers.

    Parameters
    ----------
    data : bytes
        Content of the file, unpacked.
    name : str
        Name of the file, for messages.

    Yields
    ------
    FitsPart
        The parts in the order of the file, 1000 at most.

    Raises
    ------
    ImageError
        With reason UNREADABLE, at the first invalid header.
    """
    return (part for _, part in walk_parts_with_headers(data, name))


def walk_headers(data: bytes, name: str) -> Iterator[Any]:
    """Iterate lazily over the headers (`astropy.io.fits.Header`) of the same parts."""
    return (header for header, _ in walk_parts_with_headers(data, name))


def walk_parts_with_headers(data: bytes, name: str) -> Iterator[tuple[Any, FitsPart]]:
    """Iterate lazily over the headers (`astropy.io.fits.Header`) and parts, as `walk_parts`."""
    from astropy.io import fits

    start = 0
    for index in range(_MAX_PARTS):
        # The standard says to ignore anything after the last part.
        if index > 0 and data[start : start + 8] != b"XTENSION":
            return
        stream = io.BytesIO(data)
        stream.seek(start)
        try:
            header = fits.Header.fromfile(stream, padding=False)
            part = _check_header(header, index, start, stream.tell())
        except (*_HEADER_ERRORS, fits.VerifyError) as error:
            raise ImageError(
                f"{name} has a damaged FITS header ({error}): get a new copy of the file.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            ) from error
        yield header, part
        start = -(-part.end // _BLOCK_BYTES) * _BLOCK_BYTES


def _check_header(header: Any, index: int, start: int, data_start: int) -> FitsPart:
    """Return the part that a header describes; raise ValueError for an impossible size."""
    bitpix = _to_integer(header.get("BITPIX"))
    if bitpix not in _BITPIX:
        raise ValueError(f"BITPIX is {bitpix!r}")
    axes = _read_axes(header, "NAXIS", "NAXIS")
    is_groups = header.get("GROUPS") is True and axes[:1] == [0]
    n_values = math.prod(axes[1:] if is_groups else axes) if axes else 0
    n_values += _read_integer(header, "PCOUNT", 0, default=0)
    n_values *= _read_integer(header, "GCOUNT", 1, default=1)
    kind = str(header.get("XTENSION", "IMAGE")).strip()
    tile_shape = None
    if kind == "BINTABLE" and header.get("ZIMAGE") is True:
        axes, tile_shape = _check_compressed(header)
    shape = tuple(reversed(axes)) if tile_shape or kind == "IMAGE" else ()
    picture_axes = find_axes(shape)
    mosaic = find_pattern(header, picture_axes.height) if picture_axes else ""
    return FitsPart(
        index=index,
        name=read_text(header, "EXTNAME"),
        shape=shape,
        axes=picture_axes,
        tile_shape=tile_shape,
        compression=str(header.get("ZCMPTYPE", "")).strip() if tile_shape else "",
        is_table=kind in _TABLES and tile_shape is None,
        start=start,
        data_start=data_start,
        end=data_start + n_values * abs(bitpix) // 8,
        lowest=read_number(header, "BZERO", 0.0)
        + (read_number(header, "BSCALE", 1.0) or 1.0) * _FILLER,
        mosaic=mosaic,
        # With a mosaic, programs use it for the order in which its colours are read.
        is_top_down=not mosaic and read_text(header, "ROWORDER").upper() == "TOP-DOWN",
        cards=read_cards(header),
        value_type=describe_values(header),
    )


def _check_compressed(header: Any) -> tuple[list[int], tuple[int, ...]]:
    """Return the picture's own axes, in FITS order, and the shape of its tiles."""
    _read_integer(header, "TFIELDS", 1, _MAX_AXES)
    _read_integer(header, "NAXIS1", 1)
    for card in header["ZNAME*"]:
        key = card.replace("ZNAME", "ZVAL")
        allowed = _RICE_SETTINGS.get(str(header[card]).upper())
        if allowed and header.get(key) not in allowed:
            raise ValueError(f"{key} is {header.get(key)!r}, expected one of {allowed}")
    axes = _read_axes(header, "ZNAXIS", "ZNAXIS")
    # By default, a tile is one row.
    tiles = [
        _read_integer(header, f"ZTILE{i}", 1, default=size if i == 1 else 1)
        for i, size in enumerate(axes, start=1)
    ]
    return axes, tuple(min(tile, size) for tile, size in zip(tiles, axes, strict=True))[::-1]


def _read_axes(header: Any, count_key: str, size_key: str) -> list[int]:
    n_axes = _read_integer(header, count_key, 0, _MAX_AXES)
    return [_read_integer(header, f"{size_key}{i}", 0) for i in range(1, n_axes + 1)]


def _read_integer(
    header: Any, key: str, least: int, greatest: int = _MAX_SIZE, default: int | None = None
) -> int:
    value = header.get(key, default)
    if key.startswith("NAXIS"):  # `keep_pixel_cards` mends these, but not those of tiles
        value = _to_integer(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= greatest:
        raise ValueError(f"{key} is {value!r}, expected a whole number of at least {least}")
    return value


def _to_integer(value: Any) -> Any:
    """Return a whole number that is written with a decimal point or as a text as an integer."""
    number = parse_number(value) if isinstance(value, str) else value
    return int(number) if isinstance(number, float) and number.is_integer() else value
