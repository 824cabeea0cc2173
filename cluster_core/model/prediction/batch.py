"""Find picture files and label them, one after the other."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import has_image_suffix, is_fits, read_bytes, read_observation
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.storage.mapping import map_images


@dataclass(frozen=True)
class FilePrediction:
    """The prediction for one file, or the reason why there is none.

    Attributes
    ----------
    path : Path
        The file; for an unreadable folder, the folder.
    prediction : Prediction or None
        None if the file could not be read.
    problem : str or None
        Why there is no prediction, in a sentence; None if there is one.
    cards : mapping of str to str
        The `OBSERVATION_CARDS` that a FITS file has.
    """

    path: Path
    prediction: Prediction | None
    problem: str | None
    cards: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FoundFiles:
    """The result of a search for pictures.

    Attributes
    ----------
    pictures : tuple of Path
        Files to label.
    others : tuple of Path
        Files in the searched folders without the suffix of a picture.
    unreadable_folders : tuple of FilePrediction
        Folders that could not be opened, each with its problem.
    """

    pictures: tuple[Path, ...]
    others: tuple[Path, ...]
    unreadable_folders: tuple[FilePrediction, ...]


def find_picture_files(paths: Sequence[Path]) -> FoundFiles:
    """Find pictures in files, folders and all their sub-folders.

    Parameters
    ----------
    paths : sequence of Path
        Files, which are included whatever their name, and folders, of which only files
        with the suffix of a picture are included. Hidden files and folders are skipped.

    Returns
    -------
    FoundFiles
        In the order of `paths`, and sorted by name within each folder.

    Raises
    ------
    ImageError
        If one of the paths does not exist.
    """
    pictures: list[Path] = []
    others: list[Path] = []
    unreadable_folders: list[FilePrediction] = []

    def add_unreadable(error: OSError) -> None:
        folder = error.filename
        problem = (
            f"{folder} could not be opened ({error.strerror}): check its permissions, or leave it "
            "out."
        )
        unreadable_folders.append(FilePrediction(Path(folder), None, problem))

    for path in paths:
        try:
            is_folder = stat.S_ISDIR(path.stat().st_mode)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ImageError(
                f"There is no file or folder {path}: check the spelling.",
                path=str(path),
                reason=ImageProblem.UNREADABLE,
            ) from error
        except OSError:  # reading the file fails later, which reports the problem in its row
            is_folder = False
        if not is_folder:
            pictures.append(path)
            continue
        for file in _walk(path, add_unreadable):
            (pictures if has_image_suffix(file) else others).append(file)
    return FoundFiles(tuple(pictures), tuple(others), tuple(unreadable_folders))


def classify_files(
    predictor: Predictor, files: Iterable[Path]
) -> Generator[FilePrediction, None, None]:
    """Label files concurrently, with only a few in memory at a time.

    Parameters
    ----------
    predictor : Predictor
        The model.
    files : iterable of Path
        Files to label; consumed as predictions are taken.

    Yields
    ------
    FilePrediction
        One per file, in the order of `files`. An unreadable file does not stop the rest.
    """

    def classify(path: Path) -> FilePrediction:
        cards: Mapping[str, str] = {}
        try:
            data = read_bytes(path)
            if is_fits(data):
                cards = read_observation(data, path.name)
            return FilePrediction(path, predictor.predict_file(data, path.name), None, cards)
        except ImageError as error:
            return FilePrediction(path, None, str(error), cards)

    return map_images(classify, files)


def _walk(folder: Path, on_error: Callable[[OSError], None]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=on_error):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root, name)
