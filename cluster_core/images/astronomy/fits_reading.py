"""Read the pixels of one part of a FITS file with astropy, after its sizes have been checked."""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_axes import PictureAxes
from cluster_core.images.astronomy.fits_headers import FitsPart
from cluster_core.images.astronomy.fits_pixel_cards import keep_pixel_cards
from cluster_core.images.astronomy.fits_scaling import find_lost, read_stored, scale
from cluster_core.images.astronomy.fits_tiles import check_gzipped_tiles
from cluster_core.images.limits import ImageLimits, check_pixels
from cluster_core.images.losses import MAX_LOSS, note_loss
from cluster_core.images.planes import Planes, mask

_BLOCK_BYTES, _CARD_BYTES = 2880, 80
# Without HCOMPRESS_1: on damaged tiles, astropy's decoder crashes the whole process, for example
# by a division by zero, which cannot be caught. PLIO_1 is for masks.
_COMPRESSIONS = frozenset({"", "RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "NOCOMPRESS"})
# Each takes 40 microseconds to unpack, and 4 to check.
_MAX_TILES, _MAX_TILES_IN_PART = 100_000, 1_000_000
# An extension must follow a first part, which may be empty.
_EMPTY_PART = b"".join(
    f"{keyword:8}= {value:>20}".encode().ljust(80)
    for keyword, value in (("SIMPLE", "T"), ("BITPIX", "8"), ("NAXIS", "0"), ("EXTEND", "T"))
)
_EMPTY_PART = (_EMPTY_PART + b"END").ljust(_BLOCK_BYTES)

# Raised by astropy on damaged pictures, besides two errors of its own; found by flipping bytes.
_ASTROPY_ERRORS = (
    *(OSError, EOFError, ValueError, TypeError, LookupError),
    *(AttributeError, AssertionError, OverflowError, RuntimeError, zlib.error),
)


def check_part(
    part: FitsPart, axes: PictureAxes, n_bytes: int, name: str, limits: ImageLimits
) -> None:
    """Check that a part can be read safely.

    Parameters
    ----------
    part : FitsPart
        The part.
    axes : PictureAxes
        Its axes.
    n_bytes : int
        Size of the unpacked file.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        The largest picture that is read.

    Raises
    ------
    ImageError
        With reason TOO_LARGE, UNSUPPORTED, or UNREADABLE for an incomplete file.
    """
    check_pixels(axes.width, axes.height, name, limits)
    if part.compression not in _COMPRESSIONS:
        raise ImageError(
            f"{name} uses {part.compression} compression, which cannot be read safely: save it "
            "uncompressed (funpack) or with Rice compression (fpack).",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )
    if part.tile_shape is not None:
        # Tiles are unpacked whole, and may be many planes deep.
        depth = math.prod(part.tile_shape[: len(axes.leading)])
        check_pixels(axes.width, axes.height * depth, name, limits)
        _check_tile_count(part, axes, name)
    may_lose = MAX_LOSS * (part.end - part.data_start) if part.tile_shape is None else 0
    if part.end - n_bytes > may_lose:
        raise _incomplete(part, n_bytes, name)


def _incomplete(part: FitsPart, n_bytes: int, name: str) -> ImageError:
    return ImageError(
        f"{name} is incomplete: it has {n_bytes:,} of {part.end:,} bytes. Get a new copy of "
        "the file.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )


def _check_tile_count(part: FitsPart, axes: PictureAxes, name: str) -> None:
    counts = [
        -(-size // tile) for size, tile in zip(part.shape, part.tile_shape or (), strict=True)
    ]
    in_picture = math.prod(counts[len(axes.leading) :]) * axes.planes_per_picture
    if in_picture > _MAX_TILES or math.prod(counts) > _MAX_TILES_IN_PART:
        raise ImageError(
            f"{name} is compressed in {math.prod(counts):,} pieces, which would take too long to "
            "read: save it uncompressed (funpack).",
            path=name,
            reason=ImageProblem.UNSUPPORTED,
        )


def read_pictures(
    data: bytes, part: FitsPart, axes: PictureAxes, pictures: Iterable[range], name: str
) -> Iterator[tuple[range, Planes]]:
    """Iterate over pictures of a part, reading each only when it is requested.

    Parameters
    ----------
    data : bytes
        Content of the file, unpacked.
    part : FitsPart
        The part, which `check_part` has passed.
    axes : PictureAxes
        Its axes.
    pictures : iterable of range
        The planes of each picture.
    name : str
        Name of the file, for messages.

    Yields
    ------
    tuple of (range, ndarray or LazyPlanes)
        The planes, and their numbers of any dtype, shape (planes, height, width), the first row
        of the file first.

    Raises
    ------
    ImageError
        With reason UNREADABLE if the part is damaged, its header is not padded, or more than a
        quarter of a picture is lost because the file is cut off.
    """
    from astropy.io import fits
    from astropy.io.fits.hdu.compressed._compression import CfitsioException  # not public

    try:
        if part.tile_shape is not None:
            yield from _read_tiles(_isolate(data, part), part, axes, pictures)
            return
        if part.end > len(data) and not _has_padded_header(data, part):
            raise ImageError(
                f"{name} has pixels where the rest of its header should be: save it again with "
                "another program.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            )
        stored, header = read_stored(data, part)
        lost = find_lost(data, part, stored)
        for planes in pictures:
            values = scale(axes.view(stored, planes), header)
            if lost is not None:
                missing = axes.view(lost, planes).astype(bool)
                if missing.mean() > MAX_LOSS:
                    raise _incomplete(part, len(data), name)
                note_loss(float(missing.mean()))
                values = mask(values, missing)
            yield planes, values
    except (*_ASTROPY_ERRORS, fits.VerifyError, CfitsioException) as error:
        raise ImageError(
            f"{name} contains a damaged picture: get a new copy of the file.",
            path=name,
            reason=ImageProblem.UNREADABLE,
        ) from error


def _has_padded_header(data: bytes, part: FitsPart) -> bool:
    """Tell whether a header is padded to whole blocks; else its pixels would be shown shifted."""
    header = data[part.start : part.data_start]
    cards = range(0, len(header), _CARD_BYTES)
    is_last = (header[at : at + _CARD_BYTES].rstrip() == b"END" for at in cards)
    n_bytes = next((at + _CARD_BYTES for at, found in zip(cards, is_last, strict=True) if found), 0)
    is_padded = n_bytes > 0 and not header[n_bytes:].strip(b" \0")
    # Black pixels look like padding, but then the file has exactly the bytes of the picture.
    is_exact = part.start + n_bytes + part.end - part.data_start == len(data)
    return is_padded and (n_bytes == len(header) or not is_exact)


def _isolate(data: bytes, part: FitsPart) -> bytes:
    """Return a FITS file with this part only, because the others were not checked."""
    first = _EMPTY_PART if part.index > 0 else b""
    header = keep_pixel_cards(data[part.start : part.data_start])
    # Some writers forget to pad the last block.
    padding = bytes(-(part.end - part.data_start) % _BLOCK_BYTES)
    return b"".join((first, header, memoryview(data)[part.data_start : part.end], padding))


def _read_tiles(
    data: bytes, part: FitsPart, axes: PictureAxes, pictures: Iterable[range]
) -> Iterator[tuple[range, NDArray[np.generic]]]:
    from astropy.io import fits

    index = min(part.index, 1)
    with fits.open(io.BytesIO(data), memmap=False, disable_image_compression=True) as hdus:
        table = hdus[index]
        if not isinstance(table, fits.BinTableHDU):
            raise TypeError(f"part {part.index} is not a table of tiles")
        check_gzipped_tiles(table, part)
    with fits.open(io.BytesIO(data), memmap=False) as hdus:
        hdu = hdus[index]
        # A header that astropy reads differently was not checked.
        if not isinstance(hdu, fits.CompImageHDU) or tuple(hdu.shape) != part.shape:
            raise TypeError(f"part {part.index} is a {type(hdu).__name__}")
        for planes in pictures:
            yield planes, axes.read(hdu.section, planes)
