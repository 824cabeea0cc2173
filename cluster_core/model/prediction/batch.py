"""Label many files, as a stream."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import has_image_suffix, read_bytes
from cluster_core.model.prediction.predictor import Prediction, Predictor
from cluster_core.storage.mapping import map_images


@dataclass(frozen=True)
class FilePrediction:
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
    """What a search for pictures came upon.

    Attributes
    ----------
    pictures : tuple of Path
        Files to label.
    others : tuple of Path
        Files in the same folders that are not named like pictures.
    unreadable_folders : tuple of FilePrediction
        Folders that could not be opened, each with its problem.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    unreadable_folders: tuple[FilePrediction, ...]


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
    others: list[Path] = []
    locked: list[FilePrediction] = []

    def note_locked(error: OSError) -> None:
        folder = error.filename
        problem = f"{folder} could not be opened ({error.strerror}): allow reading it, or leave it."
        locked.append(FilePrediction(Path(folder), None, problem))

    for path in paths:
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ImageError(
                f"There is no file or folder {path}: check the spelling.",
                path=str(path),
                reason=ImageProblem.UNREADABLE,
            ) from error
        except OSError:  # what the matter is will be found when it is read, and stand in its row
            is_folder = False
        if not is_folder:
            pictures.append(path)
            continue
        for file in _walk(path, note_locked):
            (pictures if has_image_suffix(file) else others).append(file)
    return FoundFiles(tuple(pictures), tuple(others), tuple(locked))


def classify_files(predictor: Predictor, files: Iterable[Path]) -> Iterator[FilePrediction]:
    """Yield an answer for every file, in order, a few in memory at a time."""

    def classify(path: Path) -> FilePrediction:
        try:
            return FilePrediction(path, predictor.predict_file(read_bytes(path), path.name), None)
        except ImageError as error:
            return FilePrediction(path, None, str(error))

    return map_images(classify, files)


def _walk(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root, name)
