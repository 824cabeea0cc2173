"""Turn measured brightness into an RGB picture, for FITS and the other astronomical formats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cluster_core.images.astronomy.fits_mosaic import debayer
from cluster_core.images.limits import find_reduction
from cluster_core.images.pixels import reduce_to_rgb
from cluster_core.images.planes import Planes
from cluster_core.images.stretch import FitsStretch, apply_stretch

_COLOUR_PLANES = 3


def render(
    planes: Planes,
    stretch: FitsStretch,
    *,
    mosaic: str = "",
    is_top_down: bool = True,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Map brightness to grey levels or colours, upright, and reduce a large picture.

    Parameters
    ----------
    planes : ndarray or LazyPlanes
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
    n_planes, height, width = planes.shape
    reduction = find_reduction(width, height, min_side_px)
    n_colours = 1 if n_planes == 1 and reduction != (1, 1) else _COLOUR_PLANES
    picture = np.zeros((height, width, n_colours), np.uint8)
    upright = picture.transpose(2, 0, 1)[:, :: 1 if is_top_down else -1]
    apply_stretch(planes, stretch, upright[:n_planes])
    if reduction != (1, 1):
        grey_or_rgb = picture[..., 0] if n_colours == 1 else picture
        return np.array(reduce_to_rgb(Image.fromarray(grey_or_rgb), reduction))
    if n_planes == 1:
        picture[..., 1:] = picture[..., :1]
    return picture
