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
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.views import View
from cluster_core.storage.mapping import map_images

ROWS_PER_SAVE = 200


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
        hashes = [picture.sha256 for picture in pictures]
        rows = {view.name: dict(self.cache.load(view.name, hashes)) for view in views}
        tasks = [
            (picture, missing)
            for picture in pictures
            if (missing := [view for view in views if picture.sha256 not in rows[view.name]])
        ]
        n_done = len(pictures) - len(tasks)
        unsaved: list[tuple[str, str, np.ndarray]] = []
        try:
            with contextlib.closing(map_images(self._extract, tasks)) as results:
                for (picture, missing), features in zip(tasks, results, strict=True):
                    for view, row in zip(missing, features, strict=True):
                        rows[view.name][picture.sha256] = row
                        unsaved.append((view.name, picture.sha256, row))
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
        return np.stack([[rows[view.name][sha256] for view in views] for sha256 in hashes])

    def _extract(self, task: tuple[Picture, list[View]]) -> np.ndarray:
        """Return features of the missing views of a picture: float32, (n_missing, n_features)."""
        picture, missing = task
        pixels = self.preprocessing.decode(read_bytes(picture.path), picture.path.name)
        features = self.extractor.extract([view.apply(pixels) for view in missing])
        if not np.isfinite(features).all():
            raise RunError(
                f"The network computes numbers that are not finite for {picture.path.name}: choose "
                "another network, or remove the picture."
            )
        return features
