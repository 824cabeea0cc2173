"""Cache bottleneck features by picture content, so that they are computed only once."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal

_logger = logging.getLogger(__name__)

# Pooled features are below 100, and those beyond this bound would make a training diverge.
MAX_PLAUSIBLE = 1e6

_CREATE = """CREATE TABLE IF NOT EXISTS bottlenecks (
    producer TEXT, view TEXT, sha256 TEXT, features BLOB, UNIQUE (producer, view, sha256))"""
_INSERT = "INSERT OR REPLACE INTO bottlenecks VALUES (?, ?, ?, ?)"
_SELECT = """SELECT sha256, features FROM bottlenecks
    WHERE producer = ? AND view = ? AND sha256 IN ({keys})"""
_SELECT_KEYS = """SELECT sha256 FROM bottlenecks
    WHERE producer = ? AND view = ? AND sha256 IN ({keys})"""


class BottleneckCache:
    """Cached features of one backbone with one preprocessing.

    The key includes the hash of a picture's content, so an edited picture never gets
    stale features. Each row carries a checksum; a damaged row counts as missing, and so does
    one of version 0.1, which has no checksum and may come from a picture that was misread.

    Parameters
    ----------
    file : CacheFile
        The database; can be shared with other backbones, threads and processes.
    backbone : ConvertedBackbone
        Its name and weights are part of the key.
    preprocessing : Preprocessing
        Its record is part of the key.

    Attributes
    ----------
    n_features : int
        Number of features in a row.

    Raises
    ------
    RunError
        If the database cannot be read or written; the methods raise it, too.
    """

    def __init__(
        self, file: CacheFile, backbone: ConvertedBackbone, preprocessing: Preprocessing
    ) -> None:
        record = json.dumps(preprocessing.to_record(), sort_keys=True)
        self._producer = (
            f"{backbone.name} {backbone.weights_sha256[:16]} "
            f"{hashlib.sha256(record.encode()).hexdigest()[:16]}"
        )
        self.n_features = backbone.spec.n_features
        self._n_bytes = self.n_features * np.dtype("<f4").itemsize
        self._file = file
        file.create_table(_CREATE)

    def load(self, view: str, sha256s: Sequence[str]) -> Mapping[str, np.ndarray]:
        """Return the cached features of pictures in one view; damaged rows are logged.

        Parameters
        ----------
        view : str
            Name of the view.
        sha256s : sequence of str
            Hashes of the pictures' files, hexadecimal.

        Returns
        -------
        mapping of str to ndarray of float32, (n_features,)
            Features by hash, only of the pictures that are in the cache.
        """
        found: dict[str, np.ndarray] = {}
        n_damaged = 0
        for sha256, blob in self._file.read_in(_SELECT, sha256s, self._producer, view):
            content = unseal(blob, self._producer, view, sha256)
            if content is not None and len(content) == self._n_bytes:
                found[sha256] = np.frombuffer(content, "<f4")
            else:
                n_damaged += 1
        if n_damaged:
            _logger.warning(
                "Pictures whose bottlenecks in %s are damaged or of an earlier version, and are "
                "computed again: %d",
                self._file.path,
                n_damaged,
            )
        return found

    def find_known(self, view: str, sha256s: Sequence[str]) -> set[str]:
        """Return the hashes of the pictures that have a row in one view.

        Rows are not read, so some of them may be damaged.

        Parameters
        ----------
        view : str
            Name of the view.
        sha256s : sequence of str
            Hashes of the pictures' files, hexadecimal.
        """
        rows = self._file.read_in(_SELECT_KEYS, sha256s, self._producer, view)
        return {sha256 for (sha256,) in rows}

    def save(self, entries: Iterable[tuple[str, str, np.ndarray]]) -> None:
        """Add features to the cache, or replace them; features that are not plausible are left out.

        Parameters
        ----------
        entries : iterable of (str, str, ndarray of float32, (n_features,))
            Name of the view, hash of the picture's file, and its features.
        """
        self._file.write_many(
            _INSERT,
            (
                (
                    self._producer,
                    view,
                    sha256,
                    seal(np.asarray(features, "<f4").tobytes(), self._producer, view, sha256),
                )
                for view, sha256, features in entries
                if _is_plausible(features)
            ),
        )


def _is_plausible(features: np.ndarray) -> bool:
    return bool((np.abs(features) <= MAX_PLAUSIBLE).all())  # false for NaN
