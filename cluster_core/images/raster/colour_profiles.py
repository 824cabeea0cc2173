"""Convert pictures with a colour profile (ICC) to sRGB, which pretrained networks learned on."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_MAX_PROFILE_BYTES = 4_000_000
_MODES = {"RGB ": "RGB", "GRAY": "L"}
_SAME = 2  # levels by which profiles of one colour space differ


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
        another colour space, a damaged one, or one that changes nothing, such as sRGB.
    """
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE_BYTES:
        return pixels
    mode = _find_mode(profile)
    if mode is None or (mode == "L" and not _is_grey(pixels)):
        return pixels
    return _convert(pixels[..., 0] if mode == "L" else pixels, profile, mode)


@lru_cache(maxsize=8)  # because most pictures of a dataset come from the same cameras
def _find_mode(profile: bytes) -> str | None:
    """Return Pillow's mode of a profile's colours; None if there is nothing to convert."""
    from PIL import ImageCms

    ramp = np.arange(0, 256, 15, dtype=np.uint8)
    colours = np.stack([ramp, ramp[::-1], np.roll(ramp, 5)], axis=1)[np.newaxis]
    greys = np.repeat(ramp[np.newaxis, :, np.newaxis], 3, axis=2)
    try:
        space = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space
        mode = _MODES.get(space)
        if mode is None:
            return None
        tried = greys if mode == "L" else colours
        result = _convert(tried[..., 0] if mode == "L" else tried, profile, mode)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
    # Not by its name: a profile called sRGB may be linear.
    return mode if np.abs(result.astype(int) - tried).max() > _SAME else None


def _convert(pixels: NDArray[np.uint8], profile: bytes, mode: str) -> NDArray[np.uint8]:
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    target = ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(source, target, mode, "RGB")
    return np.array(transform.apply(Image.fromarray(pixels)))


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool((red == green).all() and (green == blue).all())
