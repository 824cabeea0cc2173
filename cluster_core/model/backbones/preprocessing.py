"""Preprocessing: bring a picture of any size to the input format of a backbone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from cluster_core.images import FitsStretch, check_not_blank, decode_image

# Version 1 scaled pictures of more than 8 bits by the range of their number type.
PREPROCESSING_VERSION = 2
_VERSIONS = (1, PREPROCESSING_VERSION)
_DEEP = "photographs by the range of their type, others by the stretch"
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
        Mapping of measured brightness to 8 bits, in FITS and in other pictures of more than
        8 bits that are not photographs.
    version : int
        1 for models of program version 0.1, which see pictures of more than 8 bits as they
        did in training; 2 for all others.
    """

    size_px: int
    stretch: FitsStretch = field(default_factory=FitsStretch)
    version: int = PREPROCESSING_VERSION

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
            If the file cannot be read as a picture, or is blank.
        """
        return self.shrink(self.decode_whole(data, name))

    def decode_whole(self, data: bytes, name: str) -> np.ndarray:
        """Decode a picture file without resizing it to the square.

        Parameters
        ----------
        data : bytes
            Content of the file.
        name : str
            Name of the file, for error messages.

        Returns
        -------
        ndarray of uint8, (height, width, 3)
            RGB; a large picture may be reduced, but never below twice the square's side.

        Raises
        ------
        ImageError
            If the file cannot be read as a picture, or is blank.
        """
        pixels = decode_image(
            data,
            name,
            stretch=self.stretch,
            min_side_px=self.size_px,
            deep_by_type=self.version == 1,
        )
        check_not_blank(pixels, name)
        return pixels

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
        record = {
            "version": self.version,
            "size_px": self.size_px,
            "resize": "whole picture to a square, bilinear with averaging",
            "range": "-1 to 1",
            "stretch": self.stretch.to_record(),
        }
        return record if self.version == 1 else record | {"more than 8 bits": _DEEP}

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
        version = record["version"]
        if version not in _VERSIONS:
            raise ValueError("its pictures were resized differently than in this version")
        return cls(int(record["size_px"]), FitsStretch.from_record(record["stretch"]), int(version))


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
