"""Get bottleneck features of many pictures: cached ones, or computed on all cores."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.index import Picture, Progress
from cluster_core.errors import RunError
from cluster_core.images import read_bytes
from cluster_core.model.backbones.litert import FeatureExtractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features.alignment import allocate_aligned
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.views import View
from cluster_core.storage.mapping import map_images

ROWS_PER_SAVE = 200
PICTURES_PER_LOAD = 500


@dataclass(frozen=True)
class BottleneckSource:
    """Computes and caches the features of pictures.

    Attributes
    ----------
    extractor : FeatureExtractor
        Runs the backbone.
    preprocessing : Preprocessing
        How pictures are resized for the backbone.
    cache : BottleneckCache
        The features that are known already; new ones are added.
    """

    extractor: FeatureExtractor
    preprocessing: Preprocessing
    cache: BottleneckCache

    def compute(
        self,
        pictures: Sequence[Picture],
        views: Sequence[View],
        on_progress: Progress | None = None,
    ) -> np.ndarray:
        """Return the features of pictures in one or more views.

        Parameters
        ----------
        pictures : sequence of Picture
            At least one.
        views : sequence of View
            At least one.
        on_progress : callable, optional
            Called with the number of finished pictures and their total. An exception
            in it stops the computation; finished features stay in the cache.

        Returns
        -------
        ndarray of float32, (n_pictures, n_views, n_features)
            In the order of `pictures` and `views`.

        Raises
        ------
        ImageError
            If a picture can no longer be read.
        RunError
            If the cache cannot be read or written, or the backbone computes numbers that are
            not finite.
        """
        features, is_known = self._load(pictures, views)
        unknown = np.flatnonzero(~is_known.all(axis=1)).tolist()
        tasks = [(pictures[number], _list_missing(views, is_known[number])) for number in unknown]
        n_done = len(pictures) - len(tasks)
        unsaved: list[tuple[str, str, np.ndarray]] = []
        try:
            with contextlib.closing(map_images(self._extract, tasks)) as results:
                for number, task, rows in zip(unknown, tasks, results, strict=True):
                    features[number, ~is_known[number]] = rows
                    picture, missing = task
                    unsaved += [
                        (view.name, picture.sha256, row)
                        for view, row in zip(missing, rows, strict=True)
                    ]
                    if len(unsaved) >= ROWS_PER_SAVE:
                        self.cache.save(unsaved)
                        unsaved.clear()
                    n_done += 1
                    if on_progress:
                        on_progress(n_done, len(pictures))
        finally:
            self.cache.save(unsaved)
        if on_progress and not tasks:
            on_progress(n_done, len(pictures))
        return features

    def _load(
        self, pictures: Sequence[Picture], views: Sequence[View]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return an array for all features, with those in the cache, and which ones these are.

        Rows are copied into the array portion by portion, so that none is in memory twice.
        """
        features = allocate_aligned(len(pictures), len(views), self.cache.n_features)
        is_known = np.zeros((len(pictures), len(views)), bool)
        for start in range(0, len(pictures), PICTURES_PER_LOAD):
            hashes = [p.sha256 for p in pictures[start : start + PICTURES_PER_LOAD]]
            for column, view in enumerate(views):
                found = self.cache.load(view.name, hashes)
                for row, sha256 in enumerate(hashes, start=start):
                    if sha256 in found:
                        features[row, column] = found[sha256]
                        is_known[row, column] = True
        return features, is_known

    def _extract(self, task: tuple[Picture, list[View]]) -> np.ndarray:
        """Return features of the missing views of a picture: float32, (n_missing, n_features)."""
        picture, missing = task
        content, name = read_bytes(picture.path), picture.path.name
        return extract_views(self.extractor, self.preprocessing, content, name, missing)


def extract_views(
    extractor: FeatureExtractor,
    preprocessing: Preprocessing,
    content: bytes,
    name: str,
    views: Sequence[View],
) -> np.ndarray:
    """Compute the features of a picture file in some views.

    Parameters
    ----------
    extractor : FeatureExtractor
        Runs the backbone.
    preprocessing : Preprocessing
        How the picture is resized for the backbone.
    content : bytes
        Content of the file.
    name : str
        Name of the file, for messages.
    views : sequence of View
        At least one.

    Returns
    -------
    ndarray of float32, (n_views, n_features)

    Raises
    ------
    ImageError
        The file cannot be read as a picture, or is blank.
    RunError
        The backbone computes numbers that are not finite.
    """
    pixels = preprocessing.decode(content, name)
    features = extractor.extract([view.apply(pixels) for view in views])
    if not np.isfinite(features).all():
        raise RunError(
            f"The network computes numbers that are not finite for {name}: choose another "
            "network, or remove the picture."
        )
    return features


def _list_missing(views: Sequence[View], is_known: np.ndarray) -> list[View]:
    return [view for view, known in zip(views, is_known, strict=True) if not known]
