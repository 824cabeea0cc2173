"""Save the index of a large dataset, so that it is read at once while no file changes."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
_VERSIONS = f"3 {__version__} {FINGERPRINT_VERSION} {SEARCH_VERSION}"
_N_BYTES = SIDE_PX * SIDE_PX
_LENGTH_BYTES = 8
# Bounds the memory for reading and writing.
PICTURES_PER_PART = 2000
# A hundred megabytes are not written after each of many changes.
SAVE_AGAIN_S = 300.0

CREATE = """CREATE TABLE IF NOT EXISTS dataset_index_parts (
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
    cache.create_table(CREATE)
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
    save_parts(cache, index.image_dir, signature, enumerate(_list_parts(index, now_s)))


def save_parts(
    cache: CacheFile, image_dir: Path, signature: str, parts: Iterable[tuple[int, bytes]]
) -> None:
    """Save numbered parts of what is known of a dataset.

    Raises
    ------
    RunError
        The cache cannot be written.
    """
    folder = str(image_dir)
    cache.write_many(
        _INSERT,
        (
            (folder, part, signature, seal(content, folder, part, signature))
            for part, content in parts
        ),
    )


def load_part(cache: CacheFile, image_dir: Path, signature: str, part: int) -> bytes | None:
    """Return what was saved with this signature; None if there is nothing, or it is damaged.

    Raises
    ------
    RunError
        The cache cannot be read.
    """
    rows = cache.read_in(_SELECT, [str(image_dir)], signature, part)
    return next((unseal(row[0], str(image_dir), part, signature) for row in rows), None)


def _load(cache: CacheFile, image_dir: Path, signature: str) -> DatasetIndex | None:
    """Return a saved index; None if there is none, or a part of it is missing or damaged."""
    content = load_part(cache, image_dir, signature, 0)
    if content is None:
        return None
    head = json.loads(content)
    labels, counter_labels = tuple(head["labels"]), tuple(head["counter_labels"])
    folders = {label: image_dir / label for label in (*labels, *counter_labels)}
    pictures: list[Picture] = []
    with _pausing_collection():
        for part in range(1, head["n_parts"] + 1):
            content = load_part(cache, image_dir, signature, part)
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


@contextmanager
def _pausing_collection() -> Iterator[None]:
    """Collect no garbage: there is none, and to look through all pictures takes a third longer."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
    """Return one column for each value of the pictures as JSON, followed by all fingerprints."""
    columns = list(zip(*map(_list_values, pictures), strict=True))
    text = json.dumps(columns).encode()
    fingerprints = [picture.fingerprint for picture in pictures]
    return b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *fingerprints])


def _list_values(picture: Picture) -> list[Any]:
    return [
        *(picture.label, picture.path.name, picture.sha256, picture.width_px, picture.height_px),
        *(picture.loss, picture.groups, picture.copies, picture.n_bytes, picture.sky_object),
    ]


def _unpack(folders: Mapping[str, Path], content: bytes) -> Iterator[Picture]:
    start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
    columns = json.loads(content[_LENGTH_BYTES:start])
    labels, names, sha256s, widths, heights, losses, groups, copies, sizes, objects = columns
    return map(
        Picture,
        [folders[label] / name for label, name in zip(labels, names, strict=True)],
        map(sys.intern, labels),  # one text for all pictures of a class
        *(sha256s, widths, heights),
        [content[at : at + _N_BYTES] for at in range(start, len(content), _N_BYTES)],
        losses,
        map(tuple, groups),
        [None if its is None else tuple(its) for its in copies],
        *(sizes, objects),
    )
