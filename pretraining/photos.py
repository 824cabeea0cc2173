"""Folders of real photos, as the eight rotated and mirrored views of each picture."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE_PX = 128
GLOBULAR, OPEN = 0, 1
SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class Photos:
    """Labelled photos.

    Attributes
    ----------
    paths : list of Path
        The files.
    labels : ndarray of shape (n,), int64
        `GLOBULAR` or `OPEN`.
    views : ndarray of shape (n, 8, 128, 128, 3), float32
        The eight rotations and reflections of each picture, in -1 to 1.
    tiers : ndarray of shape (n,), str
        The tier of each picture from `manifest.csv`, or empty strings without one.
    """

    paths: list[Path]
    labels: npt.NDArray[np.int64]
    views: npt.NDArray[np.float32]
    tiers: npt.NDArray[np.str_]


def load_photos(folder: Path) -> Photos:
    """Read the pictures in the sub-folders whose names start with "globular" or "open".

    Parameters
    ----------
    folder : Path
        May have a `manifest.csv` with columns `file` (sub-folder/name) and `tier`.

    Returns
    -------
    Photos
        Globular clusters first, each class ordered by path.

    Raises
    ------
    ValueError
        If there are no pictures.
    OSError
        If a picture cannot be read.
    """
    paths: list[Path] = []
    labels: list[int] = []
    for label, name in ((GLOBULAR, "globular"), (OPEN, "open")):
        for class_dir in sorted(folder.glob(f"{name}*")):
            files = [
                path for path in sorted(class_dir.iterdir()) if path.suffix.lower() in SUFFIXES
            ]
            paths += files
            labels += [label] * len(files)
    tiers = _read_tiers(folder)
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    return Photos(
        paths,
        np.array(labels),
        np.stack([load_views(path) for path in paths]),
        np.array([tiers.get(name, "") for name in names]),
    )


def load_views(path: Path) -> npt.NDArray[np.float32]:
    """Return the eight rotations and reflections of one picture, squeezed to a square.

    Parameters
    ----------
    path : Path

    Returns
    -------
    ndarray of shape (8, 128, 128, 3), float32
        In -1 to 1.

    Raises
    ------
    OSError
        If the picture cannot be read.
    """
    with Image.open(path) as image:
        small = image.convert("RGB").resize(
            (SIZE_PX, SIZE_PX), Image.Resampling.BILINEAR, reducing_gap=2.0
        )
    pixels = np.asarray(small, np.float32) / 127.5 - 1.0
    turned = [np.rot90(pixels, turn) for turn in range(4)]
    return np.stack(turned + [view[:, ::-1] for view in turned])


def group_near_copies(photos: Photos, min_correlation: float = 0.96) -> npt.NDArray[np.int64]:
    """Group pictures that look alike, even if rotated or mirrored.

    Parameters
    ----------
    photos : Photos
    min_correlation : float
        Correlation of two grey thumbnails of 16 x 16 pixels from which pictures are copies.

    Returns
    -------
    ndarray of shape (n,), int64
        The group of each picture.
    """
    grey = photos.views.mean(-1)
    count = len(grey)
    thumbs = grey.reshape(count, 8, 16, 8, 16, 8).mean((3, 5)).reshape(count, 8, 256)
    thumbs -= thumbs.mean(-1, keepdims=True)
    thumbs /= np.linalg.norm(thumbs, axis=-1, keepdims=True) + 1e-9
    correlation = np.einsum("ip,jvp->ijv", thumbs[:, 0], thumbs).max(-1)
    group = np.arange(count)
    for first, second in np.argwhere(np.triu(correlation > min_correlation, 1)):
        group[group == group[second]] = group[first]
    return group


def _read_tiers(folder: Path) -> dict[str, str]:
    manifest = folder / "manifest.csv"
    if not manifest.exists():
        return {}
    with manifest.open(newline="") as lines:
        return {row["file"]: row["tier"] for row in csv.DictReader(lines)}
