"""Open files of the formats that Pillow decodes, mended where Pillow is stricter than viewers."""

from __future__ import annotations

import importlib
import io
import itertools
from collections.abc import Iterator
from functools import partial

from PIL import Image

from cluster_core.images.frames import Frame, RasterOptions
from cluster_core.images.limits import ImageLimits, check_pixels
from cluster_core.images.losses import load_most
from cluster_core.images.raster.jpeg_ends import complete, has_every_pixel
from cluster_core.images.raster.png_chunks import keep_pixels
from cluster_core.images.raster.png_depth import add_low_bytes, has_low_bytes

# Name in Pillow, and the module that registers it, else Pillow imports all fifty formats.
_FORMATS = {
    "JPEG": ("JPEG", "JpegImagePlugin"),  # also opens MPO, in which phones store several pictures
    "PNG": ("PNG", "PngImagePlugin"),
    "WebP": ("WEBP", "WebPImagePlugin"),
    "BMP": ("BMP", "BmpImagePlugin"),
    "GIF": ("GIF", "GifImagePlugin"),
    "AVIF": ("AVIF", "AvifImagePlugin"),
    "JPEG 2000": ("JPEG2000", "Jpeg2KImagePlugin"),
}


class PillowFile:
    """A file that Pillow decodes, other than TIFF.

    Parameters
    ----------
    data : bytes
        Content of the file.
    kind : str
        Its format, from `raster_format`.
    name : str
        Name of the file, for messages.
    options : RasterOptions
        Limits, and how large the picture is needed.
    """

    def __init__(self, data: bytes, kind: str, name: str, options: RasterOptions) -> None:
        self._kind, self._name, self._options = kind, name, options
        self._format, plugin = _FORMATS[kind]
        importlib.import_module(f"PIL.{plugin}")
        self._original = data
        self._data = _check_and_mend(data, kind, name, options.limits)

    def frames(self) -> Iterator[Frame]:
        """Iterate over the frames, opened but not loaded; EOFError follows the last one."""
        for index in itertools.count():
            if index == 1 and self._kind == "PNG":  # a damaged animation must not block the first
                self._data = keep_pixels(self._original, is_animated=True)
            image = self._open(self._data, index)
            n_pixels = image.width * image.height
            yield Frame(n_pixels, partial(self._load, image, index), n_pixels * index)

    def _load(self, image: Image.Image, index: int) -> Image.Image:
        loaded = load_most(image, partial(self._reopen, index))
        if self._kind == "PNG" and self._options.measured and has_low_bytes(self._data):
            return add_low_bytes(loaded, self._reopen, self._options.measured)
        return loaded

    def _open(self, data: bytes, index: int) -> Image.Image:
        image = Image.open(io.BytesIO(data), formats=(self._format,))
        check_pixels(*image.size, self._name, self._options.limits)
        self._n_pixels = image.width * image.height
        if (min_side_px := self._options.min_side_px) is not None:
            image.draft(None, (2 * min_side_px, 2 * min_side_px))
        if index:
            image.seek(index)
            check_pixels(*image.size, self._name, self._options.limits)
        return image

    def _reopen(self, index: int, variant: int) -> Image.Image:
        data = self._data
        if self._kind == "JPEG":
            # Of a progressive one only refinements are lost, once a first scan is complete.
            is_noisy = variant and not has_every_pixel(data)
            data = complete(data, n_noise=self._n_pixels if is_noisy else 0)
        return self._open(data, index)


def _check_and_mend(data: bytes, kind: str, name: str, limits: ImageLimits) -> bytes:
    """Check what Pillow does not, and return the file in a form that Pillow shows."""
    if kind == "AVIF":
        from cluster_core.images.raster.avif_sizes import as_still, check_avif

        check_avif(data, name, limits)
        return as_still(data)
    if kind == "JPEG 2000":
        from cluster_core.images.raster.jpeg_2000 import check_jpeg_2000

        check_jpeg_2000(data, name, limits)
    if kind == "PNG":
        return keep_pixels(data)
    return data
