"""Keep the results of trials in the cache file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.storage.saved_values import MALFORMED_ERRORS
from cluster_core.training.choice.decision import NetworkChoice
from cluster_core.training.choice.sample import Sample

# A change of the trial itself makes the results of earlier versions useless.
VERSION = 1
_CREATE = """CREATE TABLE IF NOT EXISTS network_trials (
    key TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO network_trials VALUES (?, ?)"
_SELECT = "SELECT key, content FROM network_trials WHERE key IN ({keys})"


class TrialStore:
    """The results of trials, by their pictures and networks; a damaged one counts as missing.

    Parameters
    ----------
    file : CacheFile

    Raises
    ------
    RunError
        The cache file cannot be read or written; the methods raise it, too.
    """

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def load(self, sample: Sample, networks: Sequence[ConvertedBackbone]) -> NetworkChoice | None:
        """Return the result of a trial of these networks on these pictures, or None."""
        return self._load(_make_key(sample, networks))

    def load_latest(self, dataset_sha256: str) -> NetworkChoice | None:
        """Return the result of the latest trial on a dataset, or None."""
        return self._load(_name_dataset(dataset_sha256))

    def save(
        self, sample: Sample, networks: Sequence[ConvertedBackbone], choice: NetworkChoice
    ) -> None:
        """Keep the result of a trial."""
        self._save(_make_key(sample, networks), choice)

    def save_latest(self, dataset_sha256: str, choice: NetworkChoice) -> None:
        """Keep the result of a trial as the latest on a dataset; see `DatasetIndex.sha256`."""
        self._save(_name_dataset(dataset_sha256), choice)

    def _load(self, key: str) -> NetworkChoice | None:
        for _, sealed in self._file.read_in(_SELECT, [key]):
            content = unseal(sealed, key)
            if content is not None:
                with suppress(*MALFORMED_ERRORS, BackboneError):
                    return NetworkChoice.from_record(json.loads(content))
        return None

    def _save(self, key: str, choice: NetworkChoice) -> None:
        content = json.dumps(choice.to_record()).encode()
        self._file.write_many(_INSERT, [(key, seal(content, key))])


def _make_key(sample: Sample, networks: Sequence[ConvertedBackbone]) -> str:
    names = sorted(f"{network.name} {network.weights_sha256[:16]}" for network in networks)
    return f"{VERSION} {sample.sha256} {', '.join(names)}"


def _name_dataset(dataset_sha256: str) -> str:
    return f"{VERSION} dataset {dataset_sha256}"
