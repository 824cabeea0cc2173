"""Unpack the pixels of a TIFF page as plain bytes, by libtiff through Pillow.

The file is given a new directory in which every byte is a grey pixel. So all compressions of
libtiff work for layouts that Pillow does not know, at libtiff's speed.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.limits import MEGA, ImageLimits, check_pixels
from cluster_core.images.losses import load_most
from cluster_core.images.tiff.headers import TiffPage

# libtiff and Pillow keep a record of each strip or tile; 64 megapixels in tiles of 16 x 16
# pixels are 250,000.
_MAX_PIECES = 250_000
_MAX_ROW_BYTES = 50_000_000  # a row is decoded as a whole
_LONG = 4
_MAX_OFFSET = 2**32


@dataclass(frozen=True)
class ByteGrid:
    """How the bytes of a page, or of one of its planes, are arranged.

    Attributes
    ----------
    row_bytes : int
        Bytes in a row, including the unused ones of the last tile.
    height : int
        Number of rows.
    tile_bytes : int
        Bytes in a row of a tile; equal to `row_bytes` if the page consists of strips.
    n_pieces : int
        Number of strips or tiles.
    """

    row_bytes: int
    height: int
    tile_bytes: int
    n_pieces: int

    @classmethod
    def of(cls, page: TiffPage) -> ByteGrid:
        """Derive the arrangement from the tags of a page."""
        pixel_bits = page.bits[0] * (1 if page.is_planar else page.samples)
        if page.tile_size is None:
            row_bytes = -(-page.width * pixel_bits // 8)
            rows = min(page.first(278, page.height) or page.height, page.height)
            return cls(row_bytes, page.height, row_bytes, -(-page.height // rows))
        width, height = page.tile_size
        n_across, n_down = -(-page.width // width), -(-page.height // height)
        tile_bytes = -(-width * pixel_bits // 8)
        return cls(n_across * tile_bytes, page.height, tile_bytes, n_across * n_down)


def check_page(page: TiffPage, name: str, limits: ImageLimits) -> None:
    """Check the sizes that a page claims, before anything is decoded.

    Raises
    ------
    ImageError
        With reason TOO_LARGE.
    ValueError
        A size is zero, or pieces are missing from the list of pieces.
    """
    sizes = [(page.width, page.height), *([page.tile_size] if page.tile_size else [])]
    for width, height in sizes:
        if min(width, height) < 1:
            raise ValueError("a size is zero")
        check_pixels(width, height, name, limits)  # whole tiles are allocated
    if not 1 <= page.samples <= 2**16:
        raise ValueError("there are no samples")
    grid = ByteGrid.of(page)
    n_planes = page.samples if page.is_planar else 1
    tile_height = page.tile_size[1] if page.tile_size else 1
    n_bytes = grid.row_bytes * max(grid.height, tile_height) * n_planes
    if (
        n_bytes > limits.max_unpacked_bytes
        or grid.n_pieces * n_planes > _MAX_PIECES
        or grid.row_bytes > _MAX_ROW_BYTES
    ):
        raise ImageError(
            f"{name} unpacks to {n_bytes / MEGA:,.0f} MB in {grid.n_pieces * n_planes:,} pieces, "
            f"but the limit is {limits.max_unpacked_bytes / MEGA:,.0f} MB in {_MAX_PIECES:,}: "
            "shrink the picture and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )
    offsets = page.tags.get(324 if page.tile_size else 273)
    if offsets is not None and offsets.size < grid.n_pieces * n_planes:
        raise ValueError("the list of pieces is incomplete")  # which Pillow does not mind


def unpack_plane(data: bytes, page: TiffPage, plane: int) -> Image.Image:
    """Unpack the bytes of a page.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : TiffPage
        The page, which `check_page` has accepted.
    plane : int
        Which of its planes; 0 if all samples of a pixel are together.

    Returns
    -------
    Image.Image
        Mode L, loaded: one pixel for each byte, `ByteGrid.row_bytes` wide. Bytes that the
        file has lost are 0.

    Raises
    ------
    OSError, ValueError
        More than a quarter of the bytes are lost.
    """
    grid = ByteGrid.of(page)
    start = len(data) + len(data) % 2
    head = struct.pack("<2sHI", b"II", 42, start)
    # A BigTIFF has a longer head, of which the second half is never looked at.
    as_bytes = head + data[8:].ljust(start - 8, b"\0") + _make_directory(page, plane, grid, start)

    # Not Image.open, which would count each byte as a pixel against its own limit.
    def reopen(_: int = 0) -> Image.Image:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(as_bytes))
        image.im = Image.new("L", image.size).im  # else it would count them as well
        return image

    return load_most(reopen(), reopen)


def _make_directory(page: TiffPage, plane: int, grid: ByteGrid, start: int) -> bytes:
    """Return a directory that calls every byte a grey pixel, to be placed at `start`."""
    tiled = page.tile_size is not None
    tags = {256: grid.row_bytes, 257: grid.height, 258: 8, 259: page.compression, 262: 1, 277: 1}
    tags |= {266: page.first(266, 1)}
    if page.tile_size:
        tags |= {322: grid.tile_bytes, 323: page.tile_size[1]}
    else:
        tags |= {278: min(page.first(278, page.height) or page.height, page.height)}
    offsets, counts = (
        _select(page, tag, plane, grid) for tag in ((324, 325) if tiled else (273, 279))
    )
    n_bytes = 2 + 12 * (len(tags) + 2) + 4
    lists = b""
    entries = [struct.pack("<HHII", tag, _LONG, 1, value) for tag, value in tags.items()]
    for tag, values in ((324 if tiled else 273, offsets), (325 if tiled else 279, counts)):
        inline = values.size == 1
        where = int(values[0]) if inline else start + n_bytes + len(lists)
        entries.append(struct.pack("<HHII", tag, _LONG, values.size, where))
        lists += b"" if inline else values.tobytes()
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
    return struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4) + lists


def _select(page: TiffPage, tag: int, plane: int, grid: ByteGrid) -> NDArray[np.uint32]:
    """Return the offsets, or the lengths, of the pieces of a plane."""
    values = page.tags.get(tag)
    if values is None and tag in (279, 325) and page.compression == 1 and not page.tile_size:
        rows = min(page.first(278, page.height) or page.height, page.height)
        values = np.full(grid.n_pieces * (plane + 1), grid.row_bytes * rows)
    first = plane * grid.n_pieces
    if values is None or values.size < first + grid.n_pieces:
        raise ValueError("the list of pieces is incomplete")
    chosen = values[first : first + grid.n_pieces]
    if int(chosen.max()) >= _MAX_OFFSET:
        raise ValueError("a piece is beyond the end of the file")
    return chosen.astype("<u4")
