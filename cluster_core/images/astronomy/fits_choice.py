"""Choose the picture of a FITS file to show: the first that holds something."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.astronomy.fits_axes import PictureAxes
from cluster_core.images.astronomy.fits_headers import FitsPart
from cluster_core.images.astronomy.fits_reading import check_part, read_pictures
from cluster_core.images.limits import ImageLimits
from cluster_core.images.missing import holds_something, mask_missing
from cluster_core.images.planes import Planes

_SCIENCE = frozenset({"SCI", "SCIENCE"})
# Words in the names of parts that describe a picture instead of being one.
_AUXILIARY = re.compile(
    "DQ|BPM|FLAGS?|MASKS?|MSK|QUALITY|BADPIX|BADPIXELS|CTX|CON|CONTEXT"
    "|ERR|ERRORS?|UNC|UNCERT|UNCERTAINTY|SIGMA|STD|STDDEV|RMS|NOISE|VAR|VARIANCE|IVAR|INVVAR"
    "|WHT|WT|WEIGHTS?|EXP|EXPMAP|EXPOSURE|COV|COVERAGE|SAMP|NSAMP|TIME|NOBS"
    "|PSF|SEG|SEGM|SEGMAP|SEGMENTATION|BKG|BACKGROUND|WAVELENGTH|WCSDVARR"
)
_TINY = 1 / 16  # of the pixels of the largest: a thumbnail
_MAX_TRIES = 256
_MAX_TRIED_PICTURES = 4  # of the largest size allowed, in total


@dataclass(frozen=True)
class Chosen:
    """The picture to show.

    Attributes
    ----------
    part : FitsPart
        Its part of the file.
    planes : range
        Its planes.
    values : ndarray or LazyPlanes
        Shape (planes, height, width), NaN where nothing was measured; zeros if the picture is
        constant.
    """

    part: FitsPart
    planes: range
    values: Planes


def rank_parts(parts: Iterable[FitsPart]) -> list[tuple[FitsPart, PictureAxes]]:
    """Return the parts that hold a picture, with their axes, the likeliest to show first.

    Parts called SCI come first, masks, errors, weights and the like last, and thumbnails
    before those; otherwise the order is that of the file.
    """
    pictures = [(part, part.axes) for part in parts if part.axes is not None]
    largest = max((axes.height * axes.width for _, axes in pictures), default=0)

    def rank(candidate: tuple[FitsPart, PictureAxes]) -> int:
        part, axes = candidate
        words = re.split(r"[^A-Z]+", part.name.upper())
        if any(map(_AUXILIARY.fullmatch, words)):
            return 3
        if axes.height * axes.width < _TINY * largest:
            return 2
        return 0 if _SCIENCE.intersection(words) else 1

    return sorted(pictures, key=rank)


def choose_picture(
    data: bytes,
    name: str,
    candidates: Sequence[tuple[FitsPart, PictureAxes]],
    planes: range | None,
    limits: ImageLimits,
) -> Chosen:
    """Read the first picture that is not empty and not constant.

    Parameters
    ----------
    data : bytes
        Content of the file, unpacked.
    name : str
        Name of the file, for messages.
    candidates : sequence of (FitsPart, PictureAxes)
        The parts to try, at least one.
    planes : range or None
        The only planes to try; None for all pictures of the parts.
    limits : ImageLimits
        The largest picture that is read.

    Returns
    -------
    Chosen
        If all are constant, the first of those.

    Raises
    ------
    ImageError
        With reason NO_PICTURE if no picture has a valid pixel, or as `check_part` and
        `read_pictures`.
    """
    constant: Chosen | None = None
    tried = _read_all(data, name, candidates, planes, limits)
    for chosen in islice(tried, _MAX_TRIES):
        if holds_something(chosen.values):
            return chosen
        if constant is None and np.isfinite(np.asarray(chosen.values)).any():
            black = np.zeros((1, *chosen.values.shape[1:]), np.uint8)
            constant = replace(chosen, values=black)
    if constant is None:
        raise ImageError(
            f"{name} contains a picture without a single valid pixel: choose another file.",
            path=name,
            reason=ImageProblem.NO_PICTURE,
        )
    return constant


def _read_all(
    data: bytes,
    name: str,
    candidates: Sequence[tuple[FitsPart, PictureAxes]],
    planes: range | None,
    limits: ImageLimits,
) -> Iterator[Chosen]:
    """Iterate over the pictures in order, until a limit on the pixels read is reached."""
    n_pixels = 0
    for part, axes in candidates:
        check_part(part, axes, len(data), name, limits)
        wanted = axes.pictures() if planes is None else (planes,)
        for chosen, values in read_pictures(data, part, axes, wanted, name):
            yield Chosen(part, chosen, mask_missing(values, lowest=part.lowest))
            n_pixels += axes.height * axes.width
            if n_pixels >= _MAX_TRIED_PICTURES * limits.max_pixels:
                return
