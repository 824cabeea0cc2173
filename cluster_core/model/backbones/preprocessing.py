"""From a picture of any size to what a backbone looks at; part of every model's record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from cluster_core.images import FitsStretch, decode_image

PREPROCESSING_VERSION = 1
HALF_RANGE = np.float32(127.5)


@dataclass(frozen=True)
class Preprocessing:
    """How a picture is brought to a backbone's size.

    The whole picture is squeezed into a square, as in the article, so nothing
    at its border is lost. Shrinking averages (Pillow's bilinear filter widens
    with the reduction), so single stars dim and do not flicker.

    Attributes
    ----------
    size_px : int
        Side of the square.
    stretch : FitsStretch
        How the brightness of a FITS picture is mapped to 8 bits.
    """

    size_px: int
    stretch: FitsStretch = field(default_factory=FitsStretch)

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """Decode a file and shrink it.

        Parameters
        ----------
        data : bytes
            The file.
        name : str
            Its name, for messages.

        Returns
        -------
        ndarray of uint8, (size_px, size_px, 3)
            RGB.

        Raises
        ------
        ImageError
            It cannot be read.
        """
        return self.shrink(decode_image(data, name, stretch=self.stretch, min_side_px=self.size_px))

    def shrink(self, pixels: np.ndarray) -> np.ndarray:
        """Bring an RGB picture, (height, width, 3) uint8, to the square's size."""
        size = (self.size_px, self.size_px)
        if pixels.shape[:2] == size:
            return pixels
        picture = Image.fromarray(pixels)
        return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))

    def to_record(self) -> dict[str, Any]:
        """Return what a bundle and a cache key must hold of it."""
        return {
            "version": PREPROCESSING_VERSION,
            "size_px": self.size_px,
            "resize": "whole picture to a square, bilinear with averaging",
            "range": "-1 to 1",
            "stretch": self.stretch.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Preprocessing:
        """Return the preprocessing that a bundle was trained with."""
        return cls(int(record["size_px"]), FitsStretch.from_record(record["stretch"]))


def to_unit_range(pixels: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Map uint8 pixels, any shape, to float32 from -1 to 1: what every backbone takes.

    With `out`, a float32 array of the same shape, the result is written there.
    """
    mapped = np.divide(pixels, HALF_RANGE, out=out, dtype=np.float32)
    mapped -= np.float32(1)
    return mapped
