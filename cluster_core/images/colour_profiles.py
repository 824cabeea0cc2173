"""Convert pictures with a colour profile (ICC) to sRGB, which pretrained networks learned on."""

from __future__ import annotations

import io

from PIL import Image

_MAX_PROFILE_BYTES = 4_000_000
_RGB_SPACE = "RGB "


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Convert a picture to sRGB.

    Parameters
    ----------
    image : Image.Image
        Mode RGB.
    profile : object
        The ICC profile of the file, as Pillow found it: bytes, or None.

    Returns
    -------
    Image.Image
        Mode RGB; the same picture if it has no profile, one of another colour space, a
        damaged one, or sRGB itself.
    """
    if not isinstance(profile, bytes) or not 0 < len(profile) <= _MAX_PROFILE_BYTES:
        return image
    from PIL import ImageCms  # rarely needed

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != _RGB_SPACE or _is_srgb(source):
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return image
    return converted or image


def _is_srgb(profile: object) -> bool:
    from PIL import ImageCms

    return ImageCms.getProfileDescription(profile).strip().startswith("sRGB")  # type: ignore[arg-type]
