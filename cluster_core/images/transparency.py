"""Decide what is seen through the transparent parts of a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_WITH_ALPHA_COLOUR = frozenset({"1", "L", "P", "RGB"})  # may have one colour that is transparent
_BLACK, _WHITE = 0, 255
# A drawing is too dark for black if hardly one in a thousand of its pixels is brighter.
_DARK_LEVEL = 64
_BRIGHT_SHARE = 0.001
_ROWS_PER_STEP = 32


def has_alpha(image: Image.Image) -> bool:
    """Tell whether pixels of a picture can be transparent."""
    has_colour = image.mode in _WITH_ALPHA_COLOUR and "transparency" in image.info
    return image.mode in _WITH_ALPHA or has_colour


def choose_backdrop(image: Image.Image) -> int | None:
    """Choose the grey level that a picture with transparency is laid over.

    Parameters
    ----------
    image : Image.Image
        Loaded, for which `has_alpha` is true.

    Returns
    -------
    int or None
        Black (0), like an empty sky, unless the drawing is too dark to be seen on it: then
        white (255). None if everything is transparent, which is a mistake of the program
        that wrote the file: its transparency is then ignored.
    """
    n_visible = n_bright = 0
    for top in range(0, image.height, _ROWS_PER_STEP):
        rows = image.crop((0, top, image.width, min(top + _ROWS_PER_STEP, image.height)))
        grey = np.asarray(lay_over(rows, _BLACK).convert("L"))
        n_visible += int(np.count_nonzero(_alpha(rows)))
        n_bright += int(np.count_nonzero(grey >= _DARK_LEVEL))
        if n_bright > _BRIGHT_SHARE * image.width * image.height:
            return _BLACK  # without a look at the rest
    if not n_visible:
        return None
    return _BLACK if n_bright > _BRIGHT_SHARE * n_visible else _WHITE


def lay_over(image: Image.Image, backdrop: int | None) -> Image.Image:
    """Lay a picture with transparency over an even grey.

    Parameters
    ----------
    image : Image.Image
        Loaded, for which `has_alpha` is true.
    backdrop : int or None
        Grey level from 0 to 255; None ignores the transparency.

    Returns
    -------
    Image.Image
        Mode RGB.
    """
    rgba = _to_rgba(image)
    if backdrop is None:
        return Image.merge("RGB", rgba.split()[:3])
    under = Image.new("RGB", rgba.size, (backdrop,) * 3)
    under.paste(rgba, mask=rgba.getchannel("A"))
    return under


def _alpha(image: Image.Image) -> NDArray[np.uint8]:
    return np.asarray(_to_rgba(image).getchannel("A"))


def _to_rgba(image: Image.Image) -> Image.Image:
    # Pillow converts a premultiplied mode only to its plain counterpart.
    return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")
