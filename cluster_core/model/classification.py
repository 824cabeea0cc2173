"""Label many files, as a stream."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.data.mapping import map_images
from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import has_image_suffix, read_bytes
from cluster_core.model.prediction import Prediction, Predictor


@dataclass(frozen=True)
class Answer:
    """What was found out about one file.

    Attributes
    ----------
    path : Path
    prediction : Prediction or None
    problem : str or None
        Why there is no prediction, in a sentence.
    """

    path: Path
    prediction: Prediction | None
    problem: str | None


@dataclass(frozen=True)
class FoundFiles:
    """Files to label, and how many in the same folders do not look like pictures."""

    pictures: tuple[Path, ...]
    n_others: int


def find_picture_files(paths: Sequence[Path]) -> FoundFiles:
    """List files, and the pictures in folders and all their sub-folders.

    Parameters
    ----------
    paths : sequence of Path
        A file is taken whatever its name; in a folder only what is named like
        a picture, and nothing hidden.

    Raises
    ------
    ImageError
        One of the paths does not exist.
    """
    pictures: list[Path] = []
    n_others = 0
    for path in paths:
        if path.is_dir():
            for file in _walk(path):
                if has_image_suffix(file):
                    pictures.append(file)
                else:
                    n_others += 1
        elif path.exists():
            pictures.append(path)
        else:
            raise ImageError(
                f"There is no file or folder {path}: check the spelling.",
                path=str(path),
                reason=ImageProblem.UNREADABLE,
            )
    return FoundFiles(tuple(pictures), n_others)


def classify_files(predictor: Predictor, files: Iterable[Path]) -> Iterator[Answer]:
    """Yield an answer for every file, in order, a few in memory at a time."""

    def classify(path: Path) -> Answer:
        try:
            return Answer(path, predictor.predict_file(read_bytes(path), path.name), None)
        except ImageError as error:
            return Answer(path, None, str(error))

    return map_images(classify, files)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root, name)
