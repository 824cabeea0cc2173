"""Save the index of a large dataset, so that it is read at once while no file changes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
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

# The format of the rows, and all that decides what a scan finds in the same files.
_VERSIONS = f"2 {__version__} {FINGERPRINT_VERSION} {SEARCH_VERSION}"
_N_BYTES = SIDE_PX * SIDE_PX
_LENGTH_BYTES = 8
# Bounds the memory for reading and writing.
PICTURES_PER_PART = 2000
# A hundred megabytes are not written after each of many changes.
SAVE_AGAIN_S = 300.0

_CREATE = """CREATE TABLE IF NOT EXISTS dataset_index_parts (
    image_dir TEXT, part INTEGER, signature TEXT, content BLOB, PRIMARY KEY (image_dir, part))"""
_INSERT = "INSERT OR REPLACE INTO dataset_index_parts VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM dataset_index_parts WHERE image_dir = ?"
_SELECT_HEADS = (
    "SELECT image_dir, signature, content FROM dataset_index_parts WHERE part IN ({keys})"
)
_SELECT = """SELECT content FROM dataset_index_parts
    WHERE signature = ? AND part = ? AND image_dir IN ({keys})"""


def scan_unless_saved(
    image_dir: Path,
    signature: str,
    cache: CacheFile,
    on_progress: Progress,
    on_comparing: Progress,
) -> DatasetIndex:
    """Index a dataset as `scan_dataset` does, or take the index of an earlier scan.

    Only datasets of more than 4,096 pictures are saved, at most every five minutes. Files that
    could not be used are read again, because the reason may have gone without a change of the
    file.

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
    signature = f"{_VERSIONS} {signature}"
    saved = _load(cache, image_dir, signature)
    if saved is not None:
        files = [(file.label, file.path) for file in saved.rejected]
        again = tuple(read_pictures(files, cache, lambda done, total: None))
        if again == saved.rejected:
            return saved
    index = scan_dataset(image_dir, cache, on_progress, on_comparing)
    if len(index.all_pictures) > EXACT_UP_TO:
        _save(cache, signature, index)
    return index


def _save(cache: CacheFile, signature: str, index: DatasetIndex) -> None:
    """Save an index unless one of its dataset was just saved, and drop those of gone datasets."""
    image_dir, now_s = str(index.image_dir), time.time()
    replaced = {image_dir}
    for folder, its_signature, content in cache.read_in(_SELECT_HEADS, ["0"]):
        head = unseal(content, folder, 0, its_signature)
        if folder == image_dir and head is not None:
            if 0 <= now_s - json.loads(head)["saved_s"] < SAVE_AGAIN_S:
                return
        elif not Path(folder).is_dir():
            replaced.add(folder)
    cache.write_many(_DELETE, [(folder,) for folder in replaced])
    cache.write_many(
        _INSERT,
        (
            (image_dir, part, signature, seal(content, image_dir, part, signature))
            for part, content in enumerate(_list_parts(index, now_s))
        ),
    )


def _load(cache: CacheFile, image_dir: Path, signature: str) -> DatasetIndex | None:
    """Return a saved index; None if there is none, or a part of it is missing or damaged."""

    def read_part(part: int) -> bytes | None:
        rows = cache.read_in(_SELECT, [str(image_dir)], signature, part)
        return next((unseal(row[0], str(image_dir), part, signature) for row in rows), None)

    content = read_part(0)
    if content is None:
        return None
    head = json.loads(content)
    labels, counter_labels = tuple(head["labels"]), tuple(head["counter_labels"])
    folders = {label: image_dir / label for label in (*labels, *counter_labels)}
    pictures: list[Picture] = []
    for part in range(1, head["n_parts"] + 1):
        content = read_part(part)
        if content is None:
            return None
        pictures += _unpack(folders, content)
    n = head["n_pictures"]
    rejected = tuple(
        RejectedFile(image_dir / label / name, label, reason)
        for label, name, reason in head["rejected"]
    )
    return DatasetIndex(
        *(image_dir, labels, tuple(pictures[:n]), rejected, tuple(head["notes"])),
        *(counter_labels, tuple(pictures[n:])),
    )


def _list_parts(index: DatasetIndex, saved_s: float) -> Iterator[bytes]:
    """Yield all but the pictures, then these in portions."""
    starts = range(0, len(index.all_pictures), PICTURES_PER_PART)
    head = {
        "saved_s": saved_s,
        "labels": index.labels,
        "counter_labels": index.counter_labels,
        "notes": index.notes,
        "rejected": [(file.label, file.path.name, file.reason) for file in index.rejected],
        "n_pictures": len(index.pictures),
        "n_parts": len(starts),
    }
    yield json.dumps(head).encode()
    for start in starts:
        yield _pack(index.all_pictures[start : start + PICTURES_PER_PART])


def _pack(pictures: Sequence[Picture]) -> bytes:
    """Return pictures as JSON, followed by all fingerprints."""
    text = json.dumps([_list_values(picture) for picture in pictures]).encode()
    fingerprints = [picture.fingerprint for picture in pictures]
    return b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *fingerprints])


def _unpack(folders: dict[str, Path], content: bytes) -> list[Picture]:
    start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
    return [
        _make_picture(folders, values, content[at : at + _N_BYTES])
        for values, at in zip(
            json.loads(content[_LENGTH_BYTES:start]),
            range(start, len(content), _N_BYTES),
            strict=True,
        )
    ]


def _list_values(picture: Picture) -> list[Any]:
    return [
        *(picture.label, picture.path.name, picture.sha256, picture.width_px, picture.height_px),
        *(picture.loss, picture.groups, picture.copies, picture.n_bytes, picture.sky_object),
    ]


def _make_picture(folders: dict[str, Path], values: Sequence[Any], fingerprint: bytes) -> Picture:
    label, name, sha256, width, height, loss, groups, copies, n_bytes, sky_object = values
    return Picture(
        *(folders[label] / name, folders[label].name, sha256, width, height, fingerprint, loss),
        *(tuple(groups), None if copies is None else tuple(copies), n_bytes, sky_object),
    )
