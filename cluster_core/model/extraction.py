"""Bottleneck features of many pictures: from the cache, else computed on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.dataset import Picture, Progress
from cluster_core.data.mapping import map_images
from cluster_core.images import read_bytes
from cluster_core.model.bottlenecks import BottleneckCache
from cluster_core.model.features import FeatureExtractor
from cluster_core.model.preprocessing import Preprocessing
from cluster_core.model.views import View

PICTURES_PER_SAVE = 64


@dataclass(frozen=True)
class BottleneckSource:
    """All it takes to get the features of pictures.

    Attributes
    ----------
    extractor : FeatureExtractor
        Runs the backbone.
    preprocessing : Preprocessing
        How pictures are brought to its size.
    cache : BottleneckCache
        Asked first, and told what was computed.
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
        """Return the features of pictures in some views.

        Parameters
        ----------
        pictures : sequence of Picture
            At least one.
        views : sequence of View
            At least one.
        on_progress : callable, optional
            Told (pictures done, pictures in all). It may raise to stop; what
            was computed until then is kept.

        Returns
        -------
        ndarray of float32, (n_pictures, n_views, n_features)
            In the order asked for.

        Raises
        ------
        ImageError
            A picture can no longer be read.
        """
        portions = []
        for start in range(0, len(pictures), PICTURES_PER_SAVE):
            portion = pictures[start : start + PICTURES_PER_SAVE]
            portions.append(
                self._compute_portion(portion, views, on_progress, start, len(pictures))
            )
        return np.concatenate(portions)

    def _compute_portion(
        self,
        pictures: Sequence[Picture],
        views: Sequence[View],
        on_progress: Progress | None,
        n_before: int,
        n_all: int,
    ) -> np.ndarray:
        hashes = [picture.sha256 for picture in pictures]
        known = {view.name: self.cache.load(view.name, hashes) for view in views}
        tasks = [
            (picture, [view for view in views if picture.sha256 not in known[view.name]])
            for picture in pictures
        ]
        fresh: dict[tuple[str, str], np.ndarray] = {}
        try:
            for number, features in enumerate(map_images(self._extract, tasks)):
                picture, missing = tasks[number]
                for view, row in zip(missing, features, strict=True):
                    fresh[view.name, picture.sha256] = row
                if on_progress:
                    on_progress(n_before + number + 1, n_all)
        finally:
            self.cache.save((view, sha256, row) for (view, sha256), row in fresh.items())

        def feature_row(view: View, sha256: str) -> np.ndarray:
            found = fresh.get((view.name, sha256))
            return known[view.name][sha256] if found is None else found

        return np.stack([[feature_row(view, sha256) for view in views] for sha256 in hashes])

    def _extract(self, task: tuple[Picture, list[View]]) -> np.ndarray:
        """Return the features of one picture in its missing views, (n_missing, n_features)."""
        picture, missing = task
        if not missing:
            return np.empty((0, 0), np.float32)
        pixels = self.preprocessing.decode(read_bytes(picture.path), picture.path.name)
        return self.extractor.extract([view.apply(pixels) for view in missing])
