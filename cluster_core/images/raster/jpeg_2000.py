"""Check the sizes in a JPEG 2000 codestream, which may differ from those of its container."""

from __future__ import annotations

import struct

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import refusals
from cluster_core.images.limits import ImageLimits, check_pixels

_START_AND_SIZE = b"\xff\x4f\xff\x51"
_SIZE_FORMAT = ">HH8IH"
_SIGNED = 0x80  # of the byte that follows, the depth of the first component
_MAX_COMPONENTS = 4
# The decoder allocates about 10 kB for each tile before it reads any.
_MAX_TILES = 4096


def check_jpeg_2000(data: bytes, name: str, limits: ImageLimits) -> None:
    """Check the size of the picture, and the number of its components and tiles.

    Raises
    ------
    ImageError
        With reason TOO_LARGE, or UNSUPPORTED for signed numbers.
    ValueError
        The codestream is damaged.
    struct.error, IndexError
        The codestream is cut off.
    """
    at = data.find(_START_AND_SIZE)
    if at < 0:
        raise ValueError("there is no codestream")
    fields = struct.unpack_from(_SIZE_FORMAT, data, at + len(_START_AND_SIZE))
    x_end, y_end, x, y, tile_width, tile_height, tile_x, tile_y, n_components = fields[2:]
    check_pixels(x_end, y_end, name, limits)
    if not (x < x_end and y < y_end and tile_width and tile_height):
        raise ValueError("a size is zero")
    if data[at + len(_START_AND_SIZE) + struct.calcsize(_SIZE_FORMAT)] & _SIGNED:
        raise refusals.unsupported_variety(name, "a JPEG 2000 of signed numbers")
    n_tiles = -(-(x_end - tile_x) // tile_width) * -(-(y_end - tile_y) // tile_height)
    if n_tiles > _MAX_TILES or n_components > _MAX_COMPONENTS:
        raise ImageError(
            f"{name} has {n_tiles:,} tiles and {n_components:,} colours, but the limits are "
            f"{_MAX_TILES:,} and {_MAX_COMPONENTS}: save it as PNG and try again.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )
