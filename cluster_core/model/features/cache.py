"""Bottleneck features, kept by content so that no picture is looked at twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.storage.cache_file import CacheFile

_CREATE = """CREATE TABLE IF NOT EXISTS bottlenecks (
    producer TEXT, view TEXT, sha256 TEXT, features BLOB, UNIQUE (producer, view, sha256))"""
_INSERT = "INSERT OR REPLACE INTO bottlenecks VALUES (?, ?, ?, ?)"
_SELECT = """SELECT sha256, features FROM bottlenecks
    WHERE producer = ? AND view = ? AND sha256 IN ({keys})"""


class BottleneckCache:
    """Features of one backbone with one preprocessing, by picture content and view.

    An edited picture has another hash, so it is never answered with stale features.

    Parameters
    ----------
    file : CacheFile
        Shared with other backbones, threads and processes.
    backbone : ConvertedBackbone
        Its weights are part of the key.
    preprocessing : Preprocessing
        All of its record is part of the key.
    """

    def __init__(
        self, file: CacheFile, backbone: ConvertedBackbone, preprocessing: Preprocessing
    ) -> None:
        record = json.dumps(preprocessing.to_record(), sort_keys=True)
        self._producer = (
            f"{backbone.name} {backbone.weights_sha256[:16]} "
            f"{hashlib.sha256(record.encode()).hexdigest()[:16]}"
        )
        self._n_bytes = backbone.spec.n_features * np.dtype("<f4").itemsize
        self._file = file
        file.create_table(_CREATE)

    def load(self, view: str, sha256s: Sequence[str]) -> Mapping[str, np.ndarray]:
        """Return the features, float32 (n_features,), that are known of these pictures."""
        rows = self._file.read_in(_SELECT, sha256s, self._producer, view)
        return {
            sha256: np.frombuffer(blob, "<f4")
            for sha256, blob in rows
            if len(blob) == self._n_bytes
        }

    def save(self, entries: Iterable[tuple[str, str, np.ndarray]]) -> None:
        """Keep (view, sha256, features) of some pictures."""
        self._file.write_many(
            _INSERT,
            (
                (self._producer, view, sha256, np.asarray(features, "<f4").tobytes())
                for view, sha256, features in entries
            ),
        )
