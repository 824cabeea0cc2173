"""Turn measured brightness into an RGB picture, for FITS and the other astronomical formats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.images.astronomy.fits_mosaic import debayer
from cluster_core.images.limits import find_reduction
from cluster_core.images.pixels import reduce_to_rgb
from cluster_core.images.stretch import FitsStretch, apply_stretch

_COLOUR_PLANES = 3


def render(
    planes: NDArray[np.generic],
    stretch: FitsStretch,
    *,
    mosaic: str = "",
    is_top_down: bool = True,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Map brightness to grey levels or colours, upright, and reduce a large picture.

    Parameters
    ----------
    planes : ndarray
        Numbers of any dtype, shape (planes, height, width), one plane or three.
    stretch : FitsStretch
        How brightness is mapped to grey levels.
    mosaic : str
        Colours of the first 2 x 2 pixels, such as "RGGB", if one plane holds all three.
    is_top_down : bool
        Whether the first row is the top one.
    min_side_px : int, optional
        See `decode_fits`.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous.
    """
    if mosaic and len(planes) == 1 and min(planes.shape[1:]) > 1:
        planes = debayer(planes[0], mosaic)
    levels = apply_stretch(planes, stretch)
    if not is_top_down:
        levels = levels[:, ::-1]
    reduction = find_reduction(levels.shape[2], levels.shape[1], min_side_px)
    if reduction != (1, 1):
        grey_or_rgb = levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)
        return np.array(reduce_to_rgb(Image.fromarray(grey_or_rgb), reduction))
    rgb = np.empty((*levels.shape[1:], _COLOUR_PLANES), np.uint8)
    rgb[:] = levels.transpose(1, 2, 0)  # one plane fills all three
    return rgb
