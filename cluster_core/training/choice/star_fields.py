"""Recognise star fields: many bright points on a dark ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from cluster_core.data.index import Picture
from cluster_core.errors import ImageError
from cluster_core.images import read_bytes
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.storage.mapping import map_images

SIDE_PX = 128
N_PICTURES = 16
# By these bounds, 270 of 302 photos of clusters, nebulae and galaxies are star fields, and of 567
# drawn shapes, digits and textures the 16 of the Hubble deep field and 2 of coffee.
MAX_GROUND = 0.3
MIN_CONTRAST = 0.08
MIN_POINTS = 20
POINTS_PER_HOLE = 3
_NEIGHBOURHOOD_PX = 7


def measure_star_fields(pictures: Sequence[Picture]) -> float:
    """Return the share of pictures that look like star fields, 0 to 1.

    Parameters
    ----------
    pictures : sequence of Picture
        At most `N_PICTURES` of them are decoded, chosen by their hashes; those that cannot be read
        are left out. Without any, the share is 0.
    """
    chosen = sorted(pictures, key=lambda picture: picture.sha256)[:N_PICTURES]
    looks = [look for look in map_images(_look_at, chosen) if look is not None]
    return float(np.mean(looks)) if looks else 0.0


def is_star_field(pixels: np.ndarray) -> bool:
    """Return whether a picture shows a star field.

    By the strongest colour of each pixel, its median is dark, and it has at least 20 bright
    points, three times as many as dark ones. A point is an extremum among its eight neighbours
    that differs from the median of the 7 x 7 pixels around it by 0.08 of the full range.

    Parameters
    ----------
    pixels : ndarray of uint8, (128, 128, 3)
        RGB.
    """
    grey = Image.fromarray(pixels.max(axis=2))  # a deep blue ground is not dark
    values = np.asarray(grey, np.float32)
    if np.median(values) > MAX_GROUND * 255:
        return False
    contrast = values - np.asarray(grey.filter(ImageFilter.MedianFilter(_NEIGHBOURHOOD_PX)))
    brightest = values == np.asarray(grey.filter(ImageFilter.MaxFilter(3)))
    darkest = values == np.asarray(grey.filter(ImageFilter.MinFilter(3)))
    n_points = int(np.count_nonzero(brightest & (contrast > MIN_CONTRAST * 255)))
    n_holes = int(np.count_nonzero(darkest & (contrast < -MIN_CONTRAST * 255)))
    return n_points >= max(MIN_POINTS, POINTS_PER_HOLE * n_holes)


def _look_at(picture: Picture) -> bool | None:
    try:
        pixels = Preprocessing(SIDE_PX).decode(read_bytes(picture.path), picture.path.name)
    except ImageError:
        return None
    return is_star_field(pixels)
