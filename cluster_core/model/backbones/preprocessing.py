"""Preprocessing: bring a picture of any size to the input format of a backbone."""

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
    """How a picture is resized for a backbone; recorded in every model.

    The whole picture is resized to a square, as in the 2018 article, so nothing at the
    border is lost. Pillow's bilinear filter averages when it shrinks, so single stars
    get dimmer but do not disappear.

    Attributes
    ----------
    size_px : int
        Side of the square in pixels.
    stretch : FitsStretch
        Mapping of the brightness of a FITS picture to 8 bits.
    """

    size_px: int
    stretch: FitsStretch = field(default_factory=FitsStretch)

    def decode(self, data: bytes, name: str) -> np.ndarray:
        """Decode a picture file and resize it.

        Parameters
        ----------
        data : bytes
            Content of the file.
        name : str
            Name of the file, for error messages.

        Returns
        -------
        ndarray of uint8, (size_px, size_px, 3)
            RGB.

        Raises
        ------
        ImageError
            If the file cannot be read as a picture.
        """
        return self.shrink(decode_image(data, name, stretch=self.stretch, min_side_px=self.size_px))

    def shrink(self, pixels: np.ndarray) -> np.ndarray:
        """Resize a picture to the square.

        Parameters
        ----------
        pixels : ndarray of uint8, (height, width, 3)
            RGB.

        Returns
        -------
        ndarray of uint8, (size_px, size_px, 3)
            The same array if it has that size already.
        """
        size = (self.size_px, self.size_px)
        if pixels.shape[:2] == size:
            return pixels
        picture = Image.fromarray(pixels)
        return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))

    def to_record(self) -> dict[str, Any]:
        """Return the record that is part of a bundle and of a cache key, ready for JSON."""
        return {
            "version": PREPROCESSING_VERSION,
            "size_px": self.size_px,
            "resize": "whole picture to a square, bilinear with averaging",
            "range": "-1 to 1",
            "stretch": self.stretch.to_record(),
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Preprocessing:
        """Return the preprocessing of a record.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a field is missing or malformed.
        ConfigError
            If the stretch is unknown.
        """
        return cls(int(record["size_px"]), FitsStretch.from_record(record["stretch"]))


def to_unit_range(pixels: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Map pixels to the range that every backbone expects, -1 to 1.

    Parameters
    ----------
    pixels : ndarray of uint8
        Any shape.
    out : ndarray of float32, optional
        Array of the same shape to write the result to.

    Returns
    -------
    ndarray of float32
        Same shape as `pixels`; `out` if that was passed.
    """
    mapped = np.divide(pixels, HALF_RANGE, out=out, dtype=np.float32)
    mapped -= np.float32(1)
    return mapped
