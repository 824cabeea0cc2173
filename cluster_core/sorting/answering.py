"""Classify files to be sorted, and note which version of each file the answer is for."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from cluster_core.images import read_bytes
from cluster_core.model.prediction.batch import FilePrediction, SourceClassifier
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.identification import Identification
from cluster_core.sorting.disk_errors import make_changed, make_unreadable
from cluster_core.sorting.records import FileFacts
from cluster_core.sources.source import PictureSource
from cluster_core.storage.mapping import map_images

Identify = Callable[[bytes, str], Identification]


@dataclass(frozen=True)
class AnsweredFile:
    """A file, and what the model says about it.

    Attributes
    ----------
    path : Path
        Absolute.
    answer : FilePrediction
    facts : FileFacts or None
        The version that was classified; None if it could not be read.
    """

    path: Path
    answer: FilePrediction
    facts: FileFacts | None


def answer_files(
    predictor: Predictor, paths: Iterable[Path], identify: Identify | None = None
) -> Generator[AnsweredFile, None, None]:
    """Classify files concurrently, with only a few in memory at a time.

    Parameters
    ----------
    predictor : Predictor
    paths : iterable of Path
        Absolute paths; consumed as answers are taken.
    identify : callable, optional
        Says from the content and the name of a file which objects in the sky it shows.

    Yields
    ------
    AnsweredFile
        One per path, in order. A file that cannot be read does not stop the rest.
    """
    classify = SourceClassifier(predictor, identify)

    def answer(path: Path) -> AnsweredFile:
        facts: FileFacts | None = None

        def read() -> bytes:
            nonlocal facts
            data, facts = _read(path)
            return data

        found = classify(PictureSource(str(path), read, path))
        return AnsweredFile(path, found, facts)

    return map_images(answer, paths)


def _read(path: Path) -> tuple[bytes, FileFacts]:
    """Return the content of a file that does not change while it is read."""
    data = read_bytes(path)
    try:
        status = path.stat()
    except OSError as error:
        raise make_unreadable(path, error) from error
    if status.st_size != len(data) or not stat.S_ISREG(status.st_mode):
        raise make_changed(path)
    sha256 = hashlib.sha256(data).hexdigest()
    return data, FileFacts(len(data), status.st_mtime_ns, sha256)
