"""Open HEIC photos with pillow-heif, an optional package.

It is not required, because it contains a video encoder under the GPL and takes 27 MB.
"""

from __future__ import annotations

import io

from cluster_core.images import refusals
from cluster_core.images.frames import Frame
from cluster_core.images.limits import ImageLimits, check_pixels


def open_heif(data: bytes, name: str, limits: ImageLimits) -> Frame:
    """Open the main picture of a HEIC file, which is upright.

    Raises
    ------
    ImageError
        With reason UNSUPPORTED if pillow-heif is not installed, or TOO_LARGE.
    ValueError
        The file is damaged.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise refusals.needs_heif_library(name) from error
    picture = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    if not len(picture):
        raise ValueError("there is no picture")
    width, height = picture.size
    check_pixels(width, height, name, limits)
    return Frame(width * height, picture.to_pillow)
