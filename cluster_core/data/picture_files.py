"""Read the files of a dataset, decoding only those whose content is not in the cache."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cluster_core.data.facts import PictureFacts, PictureFactsCache, compute_facts
from cluster_core.data.pictures import Picture, RejectedFile, describe_suffix
from cluster_core.errors import ImageError
from cluster_core.images import has_image_suffix, read_bytes
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.file_hashes import FileHashes, FileStamp
from cluster_core.storage.mapping import map_images

LabelledFile = tuple[str, Path]
Progress = Callable[[int, int], None]
SAVE_EVERY = 200


class _Hashed(NamedTuple):
    """The hash of a file that can be read, and its size."""

    sha256: str
    n_bytes: int


def read_pictures(
    files: Sequence[LabelledFile], cache: CacheFile, on_progress: Progress
) -> Iterator[Picture | RejectedFile]:
    """Hash new files, look up the facts of known pictures, and decode the others.

    Parameters
    ----------
    files : sequence of (str, Path)
        Classes and files.
    cache : CacheFile
        Where hashes are kept by file, and facts by hash.
    on_progress : callable
        Called with (files done, files in total), in two rounds: half a file is done when its
        hash is known.

    Yields
    ------
    Picture or RejectedFile
        One per file, in order.
    """
    hashes: list[_Hashed | RejectedFile] = []
    file_hashes = FileHashes(cache)
    for start in range(0, len(files), SAVE_EVERY):
        hashes += _hash_portion(files[start : start + SAVE_EVERY], file_hashes)
        on_progress(len(hashes) // 2, len(files))
    facts_cache = PictureFactsCache(cache)
    # All at once and sorted, so that the database reads each of its pages once.
    known = facts_cache.load(sorted({one.sha256 for one in hashes if isinstance(one, _Hashed)}))
    n_done = 0
    for start in range(0, len(files), SAVE_EVERY):
        portion = slice(start, start + SAVE_EVERY)
        for entry in _describe_portion(files[portion], hashes[portion], known, facts_cache):
            n_done += 1
            on_progress((len(files) + n_done) // 2, len(files))
            yield entry


def _describe_portion(
    files: Sequence[LabelledFile],
    hashes: Sequence[_Hashed | RejectedFile],
    known: Mapping[str, PictureFacts],
    facts_cache: PictureFactsCache,
) -> Iterator[Picture | RejectedFile]:
    tasks = [(*file, found, known) for file, found in zip(files, hashes, strict=True)]
    is_known = all(isinstance(one, RejectedFile) or one.sha256 in known for one in hashes)
    fresh: list[tuple[str, PictureFacts]] = []
    try:
        for entry in map(_describe, tasks) if is_known else map_images(_describe, tasks):
            if isinstance(entry, Picture) and entry.sha256 not in known:
                fresh.append((entry.sha256, _collect_facts(entry)))
            yield entry
    finally:
        facts_cache.save(fresh)


def _hash_portion(
    portion: Sequence[LabelledFile], file_hashes: FileHashes
) -> list[_Hashed | RejectedFile]:
    """Return the hash of every file, reading only new and changed files."""
    states = [_take_state(path) for _, path in portion]
    stamps = [FileStamp.of(state) if state else None for state in states]
    remembered = file_hashes.load(stamp for stamp in stamps if stamp)
    found: list[_Hashed | RejectedFile | None] = []
    for (label, path), state, stamp in zip(portion, states, stamps, strict=True):
        problem = _find_problem(path, state)
        rejected = RejectedFile(path, label, f"{path.name} {problem}") if problem else None
        sha256 = remembered.get(stamp) if stamp else None
        found.append(rejected or (_Hashed(sha256, state.st_size) if state and sha256 else None))
    unknown = [number for number, entry in enumerate(found) if entry is None]
    if not unknown:
        return [entry for entry in found if entry is not None]
    fresh: list[tuple[FileStamp, str]] = []
    hashes = map_images(_hash_file, [portion[number] for number in unknown])
    for number, entry in zip(unknown, hashes, strict=True):
        found[number] = entry
        stamp = stamps[number]
        if stamp and isinstance(entry, _Hashed):
            fresh.append((stamp, entry.sha256))
    file_hashes.save(fresh)
    return [entry for entry in found if entry is not None]


def _take_state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _find_problem(path: Path, state: os.stat_result | None) -> str | None:
    if state and stat.S_ISDIR(state.st_mode):
        return "is a folder inside a class folder: move its pictures up one level."
    if not has_image_suffix(path):
        return f"is not a picture ({describe_suffix(path)}): remove it."
    return None


def _hash_file(file: LabelledFile) -> _Hashed | RejectedFile:
    label, path = file
    try:
        data = read_bytes(path)
        return _Hashed(hashlib.sha256(data).hexdigest(), len(data))
    except ImageError as error:
        return RejectedFile(path, label, str(error))


def _describe(
    task: tuple[str, Path, _Hashed | RejectedFile, Mapping[str, PictureFacts]],
) -> Picture | RejectedFile:
    label, path, found, known = task
    if isinstance(found, RejectedFile):
        return found
    try:
        facts = known.get(found.sha256) or compute_facts(read_bytes(path), path.name)
    except ImageError as error:
        return RejectedFile(path, label, str(error))
    size_px = facts.width_px, facts.height_px
    shared = facts.fingerprint, facts.loss
    return Picture(path, label, found.sha256, *size_px, *shared, n_bytes=found.n_bytes)


def _collect_facts(picture: Picture) -> PictureFacts:
    size_px = picture.width_px, picture.height_px
    return PictureFacts(*size_px, picture.fingerprint, picture.loss)
