"""Decode any picture file to RGB uint8 (height, width, 3), with limits against hostile input."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from cluster_core.images.frames import check_not_blank
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import DEFAULT_LIMITS, MEGA, ImageLimits, check_file_bytes
from cluster_core.images.losses import describe_loss, noting_losses
from cluster_core.images.reading import decode_image, read_bytes, read_image
from cluster_core.images.sniffing import (
    BZIP2_MAGIC,
    CAMERA_RAW_SUFFIXES,
    GZIP_MAGIC,
    IMAGE_SUFFIXES,
    has_image_suffix,
    is_fits,
    raster_format,
)
from cluster_core.images.stretch import FitsStretch

if TYPE_CHECKING:
    from cluster_core.images.astronomy.fits import FitsPicture, decode_fits, list_fits_pictures
    from cluster_core.images.astronomy.fits_class_cards import add_class_cards
    from cluster_core.images.astronomy.fits_observation import OBSERVATION_CARDS, read_observation
    from cluster_core.images.astronomy.picture_header import PictureHeader, read_picture_header

__all__ = [
    "BZIP2_MAGIC",
    "CAMERA_RAW_SUFFIXES",
    "DEFAULT_LIMITS",
    "GZIP_MAGIC",
    "IMAGE_SUFFIXES",
    "MEGA",
    "OBSERVATION_CARDS",
    "FitsPicture",
    "FitsStretch",
    "ImageLimits",
    "PictureHeader",
    "add_class_cards",
    "check_file_bytes",
    "check_not_blank",
    "decode_fits",
    "decode_image",
    "describe_loss",
    "has_image_suffix",
    "is_fits",
    "list_fits_pictures",
    "noting_losses",
    "raster_format",
    "read_bytes",
    "read_image",
    "read_observation",
    "read_picture_header",
    "silence_library_warnings",
]

# Imported on first use, because most pictures are not FITS.
_FITS = "cluster_core.images.astronomy.fits"
_CLASS_CARDS = "cluster_core.images.astronomy.fits_class_cards"
_OBSERVATION = "cluster_core.images.astronomy.fits_observation"
_HEADER = "cluster_core.images.astronomy.picture_header"
_HOMES = {
    **dict.fromkeys(("FitsPicture", "decode_fits", "list_fits_pictures"), _FITS),
    **dict.fromkeys(("OBSERVATION_CARDS", "read_observation"), _OBSERVATION),
    **dict.fromkeys(("PictureHeader", "read_picture_header"), _HEADER),
    "add_class_cards": _CLASS_CARDS,
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
