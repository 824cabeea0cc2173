"""The training pictures that a model finds most similar to a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS
from cluster_core.model.prediction.predictor import obtain_backbone
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

N_SIMILAR = 5


@dataclass(frozen=True)
class SimilarPicture:
    """A training picture, and how similar it is.

    Attributes
    ----------
    picture : Picture
        The picture, with its label.
    similarity : float
        Cosine of the angle between the features, 0 to 1, after subtracting the mean features of
        the training pictures; opposite features count as 0.
    """

    picture: Picture
    similarity: float


class SimilaritySearch:
    """Finds similar pictures among those that a model learned from.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    pictures : sequence of Picture
        The training pictures, at least one.
    workspace : Workspace
        Has the network, and the cache of its features.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all, while features are computed.

    Raises
    ------
    BackboneError
        The network is not available.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.
    """

    def __init__(
        self,
        bundle: ModelBundle,
        pictures: Sequence[Picture],
        workspace: Workspace,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        backbone = obtain_backbone(bundle, workspace)
        self._extractor = load_extractor(backbone)
        self._views = bundle.view_list
        self._pictures = tuple(pictures)
        with CacheFile(workspace.bottlenecks) as file:
            cache = BottleneckCache(file, backbone, bundle.preprocessing)
            source = BottleneckSource(self._extractor, bundle.preprocessing, cache)
            features = source.compute(self._pictures, PLAIN_VIEWS, on_progress)[:, 0]
        self._mean = features.mean(axis=0)
        self._directions = _scale(features - self._mean)

    def find(self, seen: np.ndarray, n: int = N_SIMILAR) -> tuple[SimilarPicture, ...]:
        """Return the most similar pictures.

        Parameters
        ----------
        seen : ndarray of uint8, (size, size, 3)
            RGB, from `Preprocessing.shrink`. Each training picture is compared with the view, of
            those that the model answers by, that it is most similar to.
        n : int
            Number of pictures to return, if there are as many.

        Returns
        -------
        tuple of SimilarPicture
            The most similar first.
        """
        features = self._extractor.extract([view.apply(seen) for view in self._views])
        cosines = (self._directions @ _scale(features - self._mean).T).max(axis=1)
        best = np.argsort(-cosines, kind="stable")[:n]
        return tuple(
            SimilarPicture(self._pictures[number], float(np.clip(cosines[number], 0, 1)))
            for number in best
        )


def choose_suspect(similar: Sequence[SimilarPicture], answer: str) -> SimilarPicture | None:
    """Return the picture to check first if an answer is wrong, or None.

    It is the most similar one with the label of the answer: its label may be wrong, or it may show
    something else as well.

    Parameters
    ----------
    similar : sequence of SimilarPicture
        The most similar first.
    answer : str
        The class that the model answered.
    """
    return next((one for one in similar if one.picture.label == answer), None)


def _scale(rows: np.ndarray) -> np.ndarray:
    """Return rows of length 1; those of length 0 stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: np.ndarray = rows / np.where(lengths > 0, lengths, 1)
    return scaled
