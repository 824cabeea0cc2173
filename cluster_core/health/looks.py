"""Measure simple traits of pictures, cached by content: brightness, colour, blur and borders."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from PIL import Image, ImageStat

from cluster_core.data.index import Picture, Progress
from cluster_core.errors import ImageError
from cluster_core.images import decode_image, raster_format, read_bytes
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.storage.mapping import map_images
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_number, check_text

VERSION = 2
SIDE_PX = 256
SAVE_EVERY = 200
_BORDER_RANGE = 6
_BLUR_PX = 9
_EXIF_TAGS = (271, 272, 305)  # make, model, software
_MAX_SOURCE = 80
_CREATE = """CREATE TABLE IF NOT EXISTS picture_looks (
    sha256 TEXT, version INTEGER, look BLOB, PRIMARY KEY (version, sha256)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO picture_looks VALUES (?, ?, ?)"
_SELECT = "SELECT sha256, look FROM picture_looks WHERE version = ? AND sha256 IN ({keys})"


@dataclass(frozen=True)
class Look:
    """Simple traits of a picture, measured after shrinking it to at most 256 pixels.

    Attributes
    ----------
    brightness, darkest, brightest : float
        Mean, 5th and 95th percentile of grey, 0 to 1.
    red, blue : float
        Mean of red and blue minus green, -1 to 1: the colour cast.
    contrast : float
        Standard deviation of grey, 0 to 0.5.
    blur : float
        0 for a sharp picture to 1 for a blurred one; see `measure_blur`.
    border : float
        Share of the height and width that plain borders take, 0 to 1.
    border_brightness : float
        Mean brightness of the outermost pixels, 0 to 1.
    file_type, source : str
        The file format; camera and software as the file names them, mostly empty.
    """

    brightness: float
    darkest: float
    brightest: float
    red: float
    blue: float
    contrast: float
    blur: float
    border: float
    border_brightness: float
    file_type: str
    source: str


def measure_look(data: bytes, name: str) -> Look:
    """Decode a picture and measure its look.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file, for messages.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    image = Image.fromarray(decode_image(data, name, min_side_px=SIDE_PX))
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX)
    in_grey = image.convert("L")
    grey = np.asarray(in_grey, np.float32)
    shares = np.cumsum(in_grey.histogram()) / grey.size
    darkest, brightest = np.searchsorted(shares, (0.05, 0.95)) / 255
    red, green, blue = ImageStat.Stat(image).mean
    edges = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return Look(
        brightness=float(grey.mean() / 255),
        darkest=float(darkest),
        brightest=float(brightest),
        red=(red - green) / 255,
        blue=(blue - green) / 255,
        contrast=float(grey.std() / 255),
        blur=measure_blur(grey),
        border=_measure_border(grey),
        border_brightness=float(edges.mean() / 255),
        file_type=raster_format(data) or "FITS",
        source=_read_source(data),
    )


def measure_blur(grey: np.ndarray) -> float:
    """Return how blurred a picture is, 0 to 1, by how little a further blur changes it.

    A blur removes differences between neighbouring pixels; where few are left, the picture was
    blurred already [1]_. A difference of one grey level counts as not removed: in a dark or very
    blurred picture, most are rounding errors, which look sharp.

    Parameters
    ----------
    grey : ndarray of float, (height, width)
        In grey levels, 0 to 255.

    References
    ----------
    .. [1] Crété, F., Dolmiere, T., Ladret, P., Nicolas, M. 2007, "The blur effect: perception and
       estimation with a new no-reference perceptual blur metric", Proc. SPIE 6492.
    """
    shares = []
    for axis in (0, 1):
        if grey.shape[axis] <= _BLUR_PX:
            continue
        before = np.abs(np.diff(grey, axis=axis))
        after = np.abs(np.diff(_average(grey, axis), axis=axis))
        middle = [slice(None), slice(None)]
        middle[axis] = slice(_BLUR_PX // 2, _BLUR_PX // 2 + after.shape[axis])
        before = before[tuple(middle)]
        total = float(before.sum())
        if total > 0:
            removed = np.maximum(0, before - after)[before > 1]
            shares.append(1 - float(removed.sum()) / total)
    return max(shares, default=0.0)


def _average(grey: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of each window of `_BLUR_PX` pixels along an axis."""
    sums = np.cumsum(np.insert(grey, 0, 0, axis=axis), axis=axis)
    n = grey.shape[axis] + 1
    after = np.take(sums, np.arange(_BLUR_PX, n), axis) - np.take(
        sums, np.arange(n - _BLUR_PX), axis
    )
    return after / _BLUR_PX


def _measure_border(grey: np.ndarray) -> float:
    """Return the share of rows and columns at the edges whose pixels are all alike."""
    shares = []
    for rows in (grey, grey.T):
        is_plain = np.ptp(rows, axis=1) <= _BORDER_RANGE
        if is_plain.all():
            return 1.0
        n_plain = int(np.argmin(is_plain)) + int(np.argmin(is_plain[::-1]))
        shares.append(n_plain / len(rows))
    return max(shares)


def _read_source(data: bytes) -> str:
    """Return camera and software as EXIF names them; empty if it does not."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            exif = image.getexif()
            parts = [str(exif.get(tag, "")).strip("\0 ") for tag in _EXIF_TAGS]
    except Exception:  # a hostile header must not end the check
        return ""
    return " ".join(filter(None, parts))[:_MAX_SOURCE]


class LookCache:
    """Measures the looks of pictures, and keeps them by the SHA-256 of their files.

    Parameters
    ----------
    file : CacheFile
        Where they are stored.

    Raises
    ------
    RunError
        The cache file cannot be used.
    """

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def measure(self, pictures: Sequence[Picture], on_progress: Progress) -> list[Look | None]:
        """Return the look of each picture; None if it can no longer be read.

        Parameters
        ----------
        pictures : sequence of Picture
        on_progress : callable
            Called with the numbers of pictures done and in all. An exception in it stops the
            work; looks measured so far stay in the cache.
        """
        known = self._load([picture.sha256 for picture in pictures])
        missing = [picture for picture in pictures if picture.sha256 not in known]
        fresh: list[tuple[str, Look]] = []
        n_known = len(pictures) - len(missing)
        try:
            for done, (picture, look) in enumerate(
                zip(missing, map_images(_measure, missing), strict=True), start=n_known + 1
            ):
                if look is not None:
                    known[picture.sha256] = look
                    fresh.append((picture.sha256, look))
                if len(fresh) >= SAVE_EVERY:
                    self._save(fresh)
                    fresh.clear()
                on_progress(done, len(pictures))
        finally:
            self._save(fresh)
        return [known.get(picture.sha256) for picture in pictures]

    def _load(self, sha256s: Sequence[str]) -> dict[str, Look]:
        found = {}
        for sha256, sealed in self._file.read_in(_SELECT, sha256s, VERSION):
            content = unseal(sealed, sha256)
            look = content and _parse(content)
            if look:
                found[sha256] = look
        return found

    def _save(self, looks: Iterable[tuple[str, Look]]) -> None:
        self._file.write_many(
            _INSERT,
            (
                (sha256, VERSION, seal(json.dumps(astuple(look)).encode(), sha256))
                for sha256, look in looks
            ),
        )


def _parse(content: bytes) -> Look | None:
    try:
        *numbers, file_type, source = json.loads(content)
        texts = check_text(file_type), check_text(source)
        return Look(*map(check_number, numbers), *texts)  # type: ignore[call-arg, arg-type]
    except MALFORMED_ERRORS:
        return None


def _measure(picture: Picture) -> Look | None:
    try:
        return measure_look(read_bytes(picture.path), picture.path.name)
    except ImageError:
        return None
