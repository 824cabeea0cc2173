"""Read all 16 bits of a colour PNG, of which Pillow keeps the upper 8."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from cluster_core.images.losses import load_most
from cluster_core.images.stretch import FitsStretch
from cluster_core.images.tones import is_photograph, show_measured

_DEPTH_AT, _COLOUR_TYPE_AT, _GREY = 24, 25, 0  # in the header
# How Pillow reads the upper bytes, and how it can be made to read the lower ones. It has no way
# for grey with alpha, but finds the two bytes of each as if they were four colours.
_LOW_BYTES = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L", "LA;16B": "RGBA"}

_KEPT = ("icc_profile", "exif")


def has_low_bytes(data: bytes) -> bool:
    """Tell whether Pillow drops the lower bytes of a PNG; grey ones without alpha stay whole."""
    return data[_DEPTH_AT] == 16 and data[_COLOUR_TYPE_AT] != _GREY  # noqa: PLR2004 (bits)


def add_low_bytes(
    image: Image.Image, reopen: Callable[[int, int], Image.Image], stretch: FitsStretch
) -> Image.Image:
    """Show a colour PNG of 16 bits like FITS, unless it is a photograph.

    Parameters
    ----------
    image : Image.Image
        The loaded picture: RGB, or RGBA also for grey with alpha.
    reopen : callable
        Opens frame 0 of the picture again, not loaded; see `load_most`.
    stretch : FitsStretch
        How measured brightness is mapped to grey levels.

    Returns
    -------
    Image.Image
        In the mode of `image`; `image` itself if it is a photograph.
    """
    high = np.asarray(image)[..., :3]
    if is_photograph([high], high.size, (0.0, 255.0)):
        return image

    def reopen_low(variant: int = 0) -> Image.Image:
        low = reopen(0, variant)
        low.tile = [tile._replace(args=_LOW_BYTES[tile.args]) for tile in low.tile]  # type: ignore[attr-defined]
        return low

    is_grey = reopen(0, 0).tile[0].args == "LA;16B"  # type: ignore[attr-defined]
    low = np.asarray(load_most(reopen_low(), reopen_low))
    low = low[..., 1:2].repeat(3, axis=2) if is_grey else low[..., :3]
    values = high.astype(np.uint16) << 8 | low
    shown = Image.fromarray(show_measured(values.transpose(2, 0, 1), stretch).transpose(1, 2, 0))
    if image.mode == "RGBA":
        shown.putalpha(image.getchannel("A"))
    shown.info.update((key, image.info[key]) for key in _KEPT if key in image.info)
    return shown
