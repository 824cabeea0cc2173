"""Any picture file -> RGB uint8 (height, width, 3), with limits on hostile input."""

from cluster_core.images.fits import FitsPicture, decode_fits, list_planes
from cluster_core.images.limits import ImageLimits
from cluster_core.images.reading import decode_image, read_bytes, read_image
from cluster_core.images.sniffing import IMAGE_SUFFIXES, has_image_suffix
from cluster_core.images.stretch import FitsStretch

__all__ = [
    "IMAGE_SUFFIXES",
    "FitsPicture",
    "FitsStretch",
    "ImageLimits",
    "decode_fits",
    "decode_image",
    "has_image_suffix",
    "list_planes",
    "read_bytes",
    "read_image",
]
