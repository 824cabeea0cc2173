"""Save the index of a large dataset, so that it is read at once while no file changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster_core.data.copies import EXACT_UP_TO
from cluster_core.data.fingerprints import FINGERPRINT_VERSION, SIDE_PX
from cluster_core.data.index import DatasetIndex, scan_dataset
from cluster_core.data.known_copies import SEARCH_VERSION
from cluster_core.data.picture_files import Progress, read_pictures
from cluster_core.data.pictures import Picture, RejectedFile
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.version import __version__

# All that decides what a scan finds in the same files.
_VERSIONS = f"1 {__version__} {FINGERPRINT_VERSION} {SEARCH_VERSION}"
_N_BYTES = SIDE_PX * SIDE_PX
# SQLite holds a thousand million bytes in one value.
MAX_PICTURES = 500_000
_LENGTH_BYTES = 8

_CREATE = """CREATE TABLE IF NOT EXISTS dataset_indices (
    image_dir TEXT PRIMARY KEY, signature TEXT, content BLOB)"""
_INSERT = "INSERT OR REPLACE INTO dataset_indices VALUES (?, ?, ?)"
_SELECT = "SELECT content FROM dataset_indices WHERE signature = ? AND image_dir IN ({keys})"


def scan_unless_saved(
    image_dir: Path,
    signature: str,
    cache: CacheFile,
    on_progress: Progress,
    on_comparing: Progress,
) -> DatasetIndex:
    """Index a dataset as `scan_dataset` does, or take the index of an earlier scan.

    Only datasets of more than 4,096 pictures are saved. Files that could not be used are read
    again, because the reason may have gone without a change of the file.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    signature : str
        From `compute_signature`, before this call.
    cache : CacheFile
        Where facts about pictures, and the latest index of the dataset, are kept.
    on_progress, on_comparing : callable
        See `scan_dataset`.

    Raises
    ------
    DatasetError, RunError
        As `scan_dataset`.
    """
    cache.create_table(_CREATE)
    key = str(image_dir), f"{_VERSIONS} {signature}"
    rows = cache.read_in(_SELECT, [key[0]], key[1])
    content = next((unseal(row[0], *key) for row in rows), None)
    if content is not None:
        saved = _unpack(image_dir, content)
        files = [(file.label, file.path) for file in saved.rejected]
        again = tuple(read_pictures(files, cache, lambda done, total: None))
        if again == saved.rejected:
            return saved
    index = scan_dataset(image_dir, cache, on_progress, on_comparing)
    if EXACT_UP_TO < len(index.all_pictures) <= MAX_PICTURES:
        cache.write_many(_INSERT, [(*key, seal(_pack(index), *key))])
    return index


def _pack(index: DatasetIndex) -> bytes:
    """Return an index as JSON, followed by all fingerprints."""
    record = {
        "labels": index.labels,
        "counter_labels": index.counter_labels,
        "notes": index.notes,
        "pictures": [_list_values(picture) for picture in index.pictures],
        "counter_pictures": [_list_values(picture) for picture in index.counter_pictures],
        "rejected": [(file.label, file.path.name, file.reason) for file in index.rejected],
    }
    text = json.dumps(record).encode()
    fingerprints = [picture.fingerprint for picture in index.all_pictures]
    return b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *fingerprints])


def _list_values(picture: Picture) -> list[Any]:
    return [
        *(picture.label, picture.path.name, picture.sha256, picture.width_px, picture.height_px),
        *(picture.loss, picture.groups, picture.copies, picture.n_bytes, picture.sky_object),
    ]


def _unpack(image_dir: Path, content: bytes) -> DatasetIndex:
    start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
    record = json.loads(content[_LENGTH_BYTES:start])
    n = len(record["pictures"])
    folders = {label: image_dir / label for label in (*record["labels"], *record["counter_labels"])}
    pictures = [
        _make_picture(folders, values, content[at : at + _N_BYTES])
        for values, at in zip(
            record["pictures"] + record["counter_pictures"],
            range(start, len(content), _N_BYTES),
            strict=True,
        )
    ]
    return DatasetIndex(
        image_dir,
        tuple(record["labels"]),
        tuple(pictures[:n]),
        tuple(
            RejectedFile(image_dir / label / name, label, reason)
            for label, name, reason in record["rejected"]
        ),
        tuple(record["notes"]),
        tuple(record["counter_labels"]),
        tuple(pictures[n:]),
    )


def _make_picture(folders: dict[str, Path], values: Sequence[Any], fingerprint: bytes) -> Picture:
    label, name, sha256, width, height, loss, groups, copies, n_bytes, sky_object = values
    return Picture(
        *(folders[label] / name, folders[label].name, sha256, width, height, fingerprint, loss),
        *(tuple(groups), None if copies is None else tuple(copies), n_bytes, sky_object),
    )
