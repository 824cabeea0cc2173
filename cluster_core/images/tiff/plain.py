"""Show the most common TIFF pages, uncompressed with 8 bits, without decoding or copying them."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cluster_core.images.tiff.headers import TiffPage
from cluster_core.images.tiff.varieties import BLACK_IS_ZERO, RGB, UNCOMPRESSED, UNSIGNED

_MODES = {(BLACK_IS_ZERO, 1): "L", (RGB, 3): "RGB"}  # by photometric tag and samples
_EIGHT_BITS = frozenset({(8,), (8, 8, 8)})
_FILL_ORDER, _ORIENTATION, _OFFSETS, _ROWS_PER_STRIP = 266, 274, 273, 278


def view_plain(data: bytes, page: TiffPage) -> Image.Image | None:
    """Return the picture of a page if its bytes lie in the file as they are shown.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : TiffPage
        The page, whose sizes have been checked.

    Returns
    -------
    Image.Image or None
        Mode L or RGB, loaded, sharing its memory with `data`; None for a page of another kind.
    """
    mode = _MODES.get((page.photometric, page.samples))
    offsets = page.tags.get(_OFFSETS)
    if mode is None or offsets is None or page.tile_size or page.is_planar:
        return None
    is_plain = page.compression == UNCOMPRESSED and page.sample_format == UNSIGNED
    if not is_plain or page.bits not in _EIGHT_BITS or page.first(_FILL_ORDER, 1) != 1:
        return None
    row_bytes, start = page.width * page.samples, int(offsets[0])
    rows = page.first(_ROWS_PER_STRIP, page.height) or page.height
    is_whole = start + row_bytes * page.height <= len(data)
    if not is_whole or (np.diff(offsets.astype(np.int64)) != rows * row_bytes).any():
        return None
    pixels = memoryview(data)[start : start + row_bytes * page.height]
    size = page.width, page.height
    image = Image.frombuffer(mode, size, pixels, "raw", mode, 0, 1)  # type: ignore[arg-type]
    return with_metadata(image, page)


def with_metadata(image: Image.Image, page: TiffPage) -> Image.Image:
    """Add the colour profile and the orientation of a page to its picture."""
    image.info["icc_profile"] = page.icc_profile
    if (orientation := page.first(_ORIENTATION, 1)) != 1:
        image.getexif()[_ORIENTATION] = orientation
    return image
