"""Label many pictures concurrently."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster_core.errors import ImageError
from cluster_core.images import is_fits, read_observation
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sources.source import PictureSource
from cluster_core.storage.mapping import map_images


@dataclass(frozen=True)
class FilePrediction:
    """The prediction for one picture, or the reason why there is none.

    Attributes
    ----------
    name : str
        What a table calls the picture; see `PictureSource`.
    prediction : Prediction or None
        None if the picture could not be read.
    problem : str or None
        Why there is no prediction, in a sentence; None if there is one.
    cards : mapping of str to str
        The `OBSERVATION_CARDS` that a FITS file has.
    path : Path or None
        The file, if it is one of this computer.
    more : mapping of str to (str, float or None)
        Values for further columns of a table.
    """

    name: str
    prediction: Prediction | None
    problem: str | None
    cards: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    more: Mapping[str, str | float | None] = field(default_factory=dict)


def classify_sources(
    predictor: Predictor, sources: Iterable[PictureSource]
) -> Generator[FilePrediction, None, None]:
    """Label pictures concurrently, with only a few in memory at a time.

    Parameters
    ----------
    predictor : Predictor
        The model.
    sources : iterable of PictureSource
        Pictures to label; consumed as predictions are taken.

    Yields
    ------
    FilePrediction
        One per picture, in the order of `sources`. An unreadable one does not stop the rest.
    """

    def classify(source: PictureSource) -> FilePrediction:
        cards: Mapping[str, str] = {}
        try:
            data = source.read()
            if is_fits(data):
                cards = read_observation(data, source.file_name)
            prediction = predictor.predict_file(data, source.file_name)
            return FilePrediction(source.name, prediction, None, cards, source.path)
        except ImageError as error:
            return FilePrediction(source.name, None, str(error), cards, source.path)

    return map_images(classify, sources)
