"""A wide field, read at its full size, and where in the sky it is."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import ImageLimits, check_not_blank, decode_image, read_picture_header
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.sky_names.position import SkyPosition
from cluster_core.wide_fields.boxes import Box

# A full-frame camera has 60 megapixels: 360 MB in three colours of 16 bits.
FIELD_LIMITS = ImageLimits(
    max_pixels=64_000_000, max_file_bytes=400_000_000, max_unpacked_bytes=400_000_000
)
# The longer side of a picture from which on a search is offered.
LARGE_SIDE_PX = 800
# The side of the smallest window that is searched.
MIN_WINDOW_PX = 96


@dataclass(frozen=True)
class WideField:
    """A wide field.

    Attributes
    ----------
    name : str
        Name of the file.
    pixels : ndarray of uint8, (height, width, 3)
        RGB, at full size.
    position : SkyPosition or None
        Where in the sky it is, for pictures of this size; None if that is not known.
    """

    name: str
    pixels: np.ndarray
    position: SkyPosition | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def cut_out(self, box: Box) -> np.ndarray:
        """Return a part: uint8, (box.height, box.width, 3), a view of the pixels."""
        rows = slice(box.top, box.top + box.height)
        return self.pixels[rows, box.left : box.left + box.width]


def is_large(data: bytes, name: str) -> bool:
    """Tell from its header whether a picture may hold more than one object.

    Parameters
    ----------
    data : bytes
        Content of a picture file that was read before.
    name : str
        Name of the file.

    Returns
    -------
    bool
        True as well if the header is of a kind that only its decoder knows.
    """
    header = read_picture_header(data, name)
    if header is not None:
        return max(header.width, header.height) >= LARGE_SIDE_PX
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return max(picture.size) >= LARGE_SIDE_PX
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return True


def read_field(
    data: bytes,
    name: str,
    preprocessing: Preprocessing,
    position: SkyPosition | None = None,
    limits: ImageLimits = FIELD_LIMITS,
) -> WideField:
    """Decode a picture at full size, stretched as a model expects it.

    Parameters
    ----------
    data : bytes
        Content of a picture file.
    name : str
        Name of the file.
    preprocessing : Preprocessing
        Of the model that will label the cut-outs.
    position : SkyPosition, optional
        Where in the sky the picture is, at any size of it.
    limits : ImageLimits
        The largest picture that is read.

    Returns
    -------
    WideField

    Raises
    ------
    ImageError
        The picture cannot be read, is blank, too large, or smaller than a window.
    """
    pixels = decode_image(
        data,
        name,
        limits=limits,
        stretch=preprocessing.stretch,
        deep_by_type=preprocessing.version == 1,
    )
    check_not_blank(pixels, name)
    height, width = pixels.shape[:2]
    if min(width, height) < MIN_WINDOW_PX:
        raise ImageError(
            f"{name} has {width} x {height} pixels, too few to look for clusters in it: use a "
            f"picture of at least {MIN_WINDOW_PX} x {MIN_WINDOW_PX}, or classify it as a whole.",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if position is not None:
        position = position.resized(width, height)
    return WideField(name, pixels, position)
