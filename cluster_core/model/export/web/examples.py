"""Example pictures of a page: bounded, and without the metadata of their files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from cluster_core.images import read_image

_MAX_SIDE_PX = 800
_QUALITY = 92


def save_examples(paths: Iterable[Path], folder: Path) -> list[str]:
    """Write example pictures as JPEG files.

    Parameters
    ----------
    paths : iterable of Path
        Picture files of any accepted kind. Place and time of a photo, its camera and its file
        name are left behind.
    folder : Path
        Existing folder to write to.

    Returns
    -------
    list of str
        Names of the files in `folder`.

    Raises
    ------
    ImageError
        If a file cannot be read as a picture.
    OSError
        If the folder cannot be written.
    """
    names = []
    for number, path in enumerate(paths, start=1):
        picture = Image.fromarray(read_image(path, min_side_px=_MAX_SIDE_PX))
        picture.thumbnail((_MAX_SIDE_PX, _MAX_SIDE_PX), Image.Resampling.LANCZOS)
        names.append(f"example-{number}.jpg")
        picture.save(folder / names[-1], quality=_QUALITY, subsampling=0)
    return names
