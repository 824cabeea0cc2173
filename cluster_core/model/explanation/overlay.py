"""Draw a heat map over a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

# Orange and blue are told apart with every kind of colour vision.
FOR_COLOUR, AGAINST_COLOUR = (255, 140, 0), (40, 110, 255)
_MAX_OPACITY = 0.55
# Grey levels of the picture below the colours, so that a bright star does not look like evidence.
_DIMMED = 0.85


def draw_overlay(picture: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Colour the parts of a picture that speak for a class, and those that speak against it.

    Parameters
    ----------
    picture : ndarray of uint8, (height, width, 3)
        RGB.
    evidence : ndarray of float32, (rows, columns)
        Contribution of each cell, from `compute_heat_map`; stretched over the whole picture.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        The picture in grey, under `FOR_COLOUR` for contributions above 0 and `AGAINST_COLOUR` for
        those below; the strongest is the most opaque.
    """
    height, width = picture.shape[:2]
    size = (width, height)
    smooth = np.asarray(Image.fromarray(evidence).resize(size, Image.Resampling.BICUBIC))
    strongest = np.abs(evidence).max()
    share = np.clip(smooth / strongest, -1, 1) if strongest > 0 else np.zeros_like(smooth)
    opacity = (_MAX_OPACITY * np.abs(share))[..., np.newaxis]
    colour = np.where(share[..., np.newaxis] > 0, FOR_COLOUR, AGAINST_COLOUR)
    grey = np.asarray(Image.fromarray(picture).convert("L"), np.float32)[..., np.newaxis] * _DIMMED
    return (grey * (1 - opacity) + colour * opacity).round().astype(np.uint8)
