"""Decode FITS pictures to RGB uint8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_axes import PictureAxes
from cluster_core.images.astronomy.fits_choice import choose_picture, rank_parts
from cluster_core.images.astronomy.fits_compression import unpack
from cluster_core.images.astronomy.fits_headers import FitsPart, walk_parts
from cluster_core.images.astronomy.fits_rendering import render
from cluster_core.images.library_warnings import silence_library_warnings
from cluster_core.images.limits import DEFAULT_LIMITS, ImageLimits, wait_if_large
from cluster_core.images.stretch import DEFAULT_STRETCH, FitsStretch


@dataclass(frozen=True)
class FitsPicture:
    """A part (HDU) of a FITS file that holds a picture, or a cube of pictures.

    Attributes
    ----------
    hdu : int
        Index of the part in the file, from 0.
    name : str
        Its EXTNAME, often empty.
    height, width : int
        Size in pixels.
    planes : int
        Number of planes of this size; 1 if it is not a cube. Three planes are shown as
        red, green and blue, unless a single one is requested.
    cards : mapping of str to str
        Object, exposure and so on, from the header of the part or else from the first
        header of the file; see `read_cards`.
    value_type : str
        How a pixel is stored, in words.
    first_plane : int
        Index of the plane that is shown by default, the first that holds something.
    """

    hdu: int
    name: str
    height: int
    width: int
    planes: int
    cards: Mapping[str, str] = field(default_factory=dict)
    value_type: str = ""
    first_plane: int = 0


def list_fits_pictures(
    data: bytes, name: str, *, limits: ImageLimits = DEFAULT_LIMITS
) -> tuple[FitsPicture, ...]:
    """List the pictures in a FITS file, the one that is shown by default first.

    Parameters
    ----------
    data : bytes
        Content of the file, plain, gzipped or compressed by bzip2.
    name : str
        Name of the file, for messages.
    limits : ImageLimits
        The largest file that is unpacked, and the largest picture that is read.

    Returns
    -------
    tuple of FitsPicture
        The others follow in the order of the file; empty if there is no picture.

    Raises
    ------
    ImageError
        The file cannot be read as FITS, or unpacks to more than the limit.
    """
    silence_library_warnings()
    unpacked = unpack(data, name, limits)
    parts = _walk_sound_parts(unpacked, name)
    default, first_plane = _find_default(unpacked, name, rank_parts(parts), limits)
    return tuple(
        FitsPicture(
            hdu=part.index,
            name=part.name,
            height=part.axes.height,
            width=part.axes.width,
            planes=part.axes.n_planes,
            cards={**parts[0].cards, **part.cards},
            value_type=part.value_type,
            first_plane=first_plane if part is default else 0,
        )
        for part in sorted(parts, key=lambda part: part is not default)
        if part.axes is not None
    )


def decode_fits(  # noqa: PLR0913  independent options, all keyword-only
    data: bytes,
    name: str,
    *,
    hdu: int | None = None,
    plane: int | None = None,
    stretch: FitsStretch = DEFAULT_STRETCH,
    limits: ImageLimits = DEFAULT_LIMITS,
    min_side_px: int | None = None,
) -> NDArray[np.uint8]:
    """Decode one picture of a FITS file, plain, gzipped, bzip2 or tile-compressed.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    hdu : int, optional
        Index of the part, from 0. Default: the first part with a picture that is neither
        empty nor constant. Parts called SCI are tried first, masks, errors and weights last.
    plane : int, optional
        Index of the plane of a cube, from 0. Default: three planes as red, green and blue,
        and the first plane of any other cube that is neither empty nor constant.
    stretch : FitsStretch
        How brightness is mapped to grey levels.
    limits : ImageLimits
        The largest picture that is read.
    min_side_px : int, optional
        Side of the square that the caller will shrink the picture to. Pictures of more than
        12 megapixels are then reduced, but never below twice this side.

    Returns
    -------
    ndarray
        uint8, shape (height, width, 3), C-contiguous. FITS stores the bottom row first; the
        rows are reversed, so that the picture looks as it does in viewers, unless its header
        says that they start at the top. The mosaic of a colour camera is shown in colour,
        above 12 megapixels at half the size.

    Raises
    ------
    ImageError
        With reason NO_PICTURE, TOO_LARGE, UNSUPPORTED or UNREADABLE.
    """
    silence_library_warnings()
    unpacked = unpack(data, name, limits)
    candidates = _find_candidates(unpacked, name, hdu)
    planes = None
    if plane is not None:
        candidates = candidates[:1]
        planes = _check_plane(candidates[0][1], plane, name)
    with wait_if_large(_largest(candidates)):
        chosen = choose_picture(unpacked, name, candidates, planes, limits)
        return render(
            chosen.values,
            stretch,
            mosaic=chosen.part.mosaic,
            is_top_down=chosen.part.is_top_down,
            min_side_px=min_side_px,
        )


def _walk_sound_parts(data: bytes, name: str) -> list[FitsPart]:
    """Return the parts up to the first damaged header, if a picture precedes it."""
    parts: list[FitsPart] = []
    try:
        parts.extend(walk_parts(data, name))
    except ImageError:
        if all(part.axes is None for part in parts):
            raise
    return parts


def _find_candidates(
    data: bytes, name: str, hdu: int | None
) -> Sequence[tuple[FitsPart, PictureAxes]]:
    """Return the requested part, or all with a picture, the likeliest to show first."""
    parts = _walk_sound_parts(data, name)
    found = rank_parts(part for part in parts if hdu in (None, part.index))
    if found:
        return found
    if hdu is not None:
        message = f"{name} has no picture in part {hdu}: choose another part."
    elif any(part.is_table for part in parts):
        message = f"{name} contains a table but no picture: choose a FITS file with a picture."
    else:
        message = f"{name} contains no picture: choose a FITS file with a picture."
    raise ImageError(message, path=name, reason=ImageProblem.NO_PICTURE)


def _check_plane(axes: PictureAxes, plane: int, name: str) -> range:
    if not 0 <= plane < axes.n_planes:
        raise ImageError(
            f"{name} has no plane {plane}: choose one from 0 to {axes.n_planes - 1}.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    return range(plane, plane + 1)


def _find_default(
    data: bytes,
    name: str,
    candidates: Sequence[tuple[FitsPart, PictureAxes]],
    limits: ImageLimits,
) -> tuple[FitsPart | None, int]:
    """Return the part and the first plane that are shown by default."""
    if not candidates:
        return None, 0
    part, axes = candidates[0]
    if len(candidates) > 1 or axes.n_planes > axes.planes_per_picture:
        try:
            with wait_if_large(_largest(candidates)):
                chosen = choose_picture(data, name, candidates, None, limits)
            return chosen.part, chosen.planes.start
        except ImageError:
            pass  # decoding it will say why
    return part, 0


def _largest(candidates: Sequence[tuple[FitsPart, PictureAxes]]) -> int:
    return max(axes.height * axes.width for _, axes in candidates)
