"""The features of a queue's pictures, computed portion by portion."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.errors import ImageError, RunError
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

PORTION = 32


class FeatureTable:
    """Features of pictures in one view, in the order in which they were examined.

    Parameters
    ----------
    workspace : Workspace
        Has the cache of features.
    network : str
        Name of a network that ships with the program.

    Attributes
    ----------
    sha256s : list of str
        Hashes of the pictures that have features.
    problems : dict of str to str
        Why a picture has none, by its hash.

    Raises
    ------
    BackboneError
        There is no such network, or its file was altered.
    """

    def __init__(self, workspace: Workspace, network: str) -> None:
        self._folder = workspace.bottlenecks
        spec = get_backbone(network)
        self._backbone = load_shipped_record(spec)
        self._preprocessing = Preprocessing(spec.input_size_px)
        self._extractor = load_extractor(self._backbone)
        self._rows: list[np.ndarray] = []
        self.sha256s: list[str] = []
        self.problems: dict[str, str] = {}

    @property
    def n_examined(self) -> int:
        """Number of pictures that have features or a problem."""
        return len(self.sha256s) + len(self.problems)

    @property
    def weights_sha256(self) -> str:
        """Hash of the network's weights."""
        return self._backbone.weights_sha256

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures are resized for the network."""
        return self._preprocessing

    def stack(self) -> np.ndarray:
        """Return the features: float32, (n_pictures, n_features)."""
        return np.stack(self._rows)

    def examine(self, files: Sequence[tuple[str, Path]]) -> None:
        """Compute the features of a portion of pictures; those with a problem are noted.

        Parameters
        ----------
        files : sequence of (str, Path)
            Hash and file of each picture that was not examined yet.

        Raises
        ------
        RunError
            The cache cannot be used.
        """
        pictures = [Picture(path, "", sha256, 0, 0, b"") for sha256, path in files]
        with CacheFile(self._folder) as file:
            cache = BottleneckCache(file, self._backbone, self._preprocessing)
            source = BottleneckSource(self._extractor, self._preprocessing, cache)
            try:
                self._add(pictures, source.compute(pictures, PLAIN_VIEWS)[:, 0])
            except (ImageError, RunError):
                for picture in pictures:  # to find the one with the problem
                    self._examine_alone(source, picture)

    def _examine_alone(self, source: BottleneckSource, picture: Picture) -> None:
        try:
            self._add([picture], source.compute([picture], PLAIN_VIEWS)[:, 0])
        except (ImageError, RunError) as error:
            self.problems[picture.sha256] = str(error)

    def _add(self, pictures: Sequence[Picture], rows: np.ndarray) -> None:
        self.sha256s += [picture.sha256 for picture in pictures]
        self._rows += list(rows)
