"""The pictures of a folder and all its sub-folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from cluster_core.data.pictures import natural_order
from cluster_core.images import has_image_suffix
from cluster_core.sources.source import PictureSource


def iterate_folder(folder: Path, on_other: Callable[[str], None]) -> Iterator[PictureSource]:
    """Yield the pictures of a folder, in natural order of their names within each sub-folder.

    Hidden files and folders are skipped, and links to folders are not followed, so that links
    in circles end.

    Parameters
    ----------
    folder : Path
        The folder.
    on_other : callable
        Called with the path of each file that does not have the ending of a picture.

    Yields
    ------
    PictureSource
        Also one for each folder that cannot be opened, which cannot be read.
    """
    refused: list[OSError] = []
    for root, folders, names in os.walk(folder, onerror=refused.append):
        yield from _take_refused(refused)
        folders[:] = sorted((n for n in folders if not n.startswith(".")), key=natural_order)
        for name in sorted(names, key=natural_order):
            if name.startswith("."):
                continue
            path = Path(root, name)
            if has_image_suffix(path):
                yield PictureSource.of_file(path)
            else:
                on_other(str(path))
    yield from _take_refused(refused)


def _take_refused(refused: list[OSError]) -> Iterator[PictureSource]:
    """Yield a source for every folder that could not be opened, and forget them."""
    while refused:
        error = refused.pop(0)
        yield PictureSource.of_problem(
            str(error.filename),
            f"{error.filename} could not be opened ({error.strerror}): check its permissions, or "
            "leave it out.",
        )
