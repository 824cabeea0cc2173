"""Convert pictures with a colour profile (ICC) to sRGB, which pretrained networks learned on."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MAX_PROFILE_BYTES = 4_000_000
_RGB_SPACE = "RGB "


def to_srgb(pixels: NDArray[np.uint8], profile: object) -> NDArray[np.uint8]:
    """Convert a picture to sRGB.

    Parameters
    ----------
    pixels : ndarray
        uint8, shape (height, width, 3).
    profile : object
        The ICC profile of the file, as Pillow found it: bytes, or None.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3); `pixels` itself if there is no profile, or one of
        another colour space, a damaged one, or sRGB.
    """
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE_BYTES:
        return pixels
    from PIL import ImageCms  # rarely needed

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _RGB_SPACE or _is_srgb(source):
            return pixels
        target = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB")
        return np.array(transform.apply(Image.fromarray(pixels)))
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return pixels


def _is_srgb(profile: object) -> bool:
    from PIL import ImageCms

    return ImageCms.getProfileDescription(profile).strip().startswith("sRGB")  # type: ignore[arg-type]
