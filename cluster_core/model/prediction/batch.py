"""Label many pictures concurrently."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_core.errors import ImageError
from cluster_core.images import is_fits, read_observation
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.identification import Identification
from cluster_core.sources.source import PictureSource
from cluster_core.storage.mapping import PORTION, map_images

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster


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
    sky : Identification or None
        Which objects in the sky it shows; None if that was not asked.
    """

    name: str
    prediction: Prediction | None
    problem: str | None
    cards: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    more: Mapping[str, str | float | None] = field(default_factory=dict)
    sky: Identification | None = None


@dataclass(frozen=True)
class SourceClassifier:
    """Labels pictures; a worker of a Dask cluster gets it with the model in it.

    Attributes
    ----------
    predictor : Predictor
        The model.
    identify : callable or None
        Says from the content and the name of a file which objects in the sky it shows.
    """

    predictor: Predictor
    identify: Callable[[bytes, str], Identification] | None = None

    def __call__(self, source: PictureSource) -> FilePrediction:
        """Label a picture; one that cannot be read has its problem instead."""
        cards: Mapping[str, str] = {}
        sky: Identification | None = None
        try:
            data = source.read()
            if is_fits(data):
                cards = read_observation(data, source.file_name)
            sky = self.identify(data, source.file_name) if self.identify else None
            prediction = self.predictor.predict_file(data, source.file_name)
            return FilePrediction(source.name, prediction, None, cards, source.path, sky=sky)
        except ImageError as error:
            return FilePrediction(source.name, None, str(error), cards, source.path, sky=sky)


def classify_sources(
    predictor: Predictor,
    sources: Iterable[PictureSource],
    identify: Callable[[bytes, str], Identification] | None = None,
    cluster: DaskCluster | None = None,
) -> Generator[FilePrediction, None, None]:
    """Label pictures concurrently, with only a few in memory at a time.

    Parameters
    ----------
    predictor : Predictor
        The model.
    sources : iterable of PictureSource
        Pictures to label; consumed as predictions are taken.
    identify : callable, optional
        Says from the content and the name of a file which objects in the sky it shows.
    cluster : DaskCluster, optional
        The computers to work on; only this one if not passed. `identify` always runs on this one.

    Yields
    ------
    FilePrediction
        One per picture, in the order of `sources`. An unreadable one does not stop the rest,
        nor does one on which the workers of a cluster die.
    """
    if cluster is None:
        classify = SourceClassifier(predictor, identify)
        return map_images(classify, sources, portion_size=1 if identify else PORTION)
    if identify is None:
        return cluster.map_images(SourceClassifier(predictor), sources, _give_up)
    return _classify_and_identify(predictor, sources, identify, cluster)


def _classify_and_identify(
    predictor: Predictor,
    sources: Iterable[PictureSource],
    identify: Callable[[bytes, str], Identification],
    cluster: DaskCluster,
) -> Generator[FilePrediction, None, None]:
    """Label on a cluster, and name here, where the star charts and what was solved before are."""
    sent: deque[PictureSource] = deque()

    def remember() -> Iterator[PictureSource]:
        for source in sources:
            sent.append(source)
            yield source

    def name(answer: tuple[PictureSource, FilePrediction]) -> FilePrediction:
        source, labelled = answer
        if labelled == _give_up(source):  # it could end this program, too
            return labelled
        try:
            return replace(labelled, sky=identify(source.read(), source.file_name))
        except ImageError:  # as on the worker, or since
            return labelled

    with closing(cluster.map_images(SourceClassifier(predictor), remember(), _give_up)) as answers:
        pairs = ((sent.popleft(), answer) for answer in answers)
        yield from map_images(name, pairs, portion_size=1)


def _give_up(source: PictureSource) -> FilePrediction:
    problem = (
        f"{source.file_name} was given up, because the workers of the cluster died of it twice: "
        "check the file, and how much memory the workers have."
    )
    return FilePrediction(source.name, None, problem, path=source.path)
