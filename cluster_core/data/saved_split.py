"""Save the split of a large dataset, so that it is read at once while no file changes."""

from __future__ import annotations

import json
from itertools import compress
from pathlib import Path

from cluster_core.data.index import DatasetIndex
from cluster_core.data.saved_index import load_part, save_parts
from cluster_core.data.splits import Split, split_dataset
from cluster_core.storage.cache_file import CacheFile
from cluster_core.version import __version__

# The format, and the program that decides what the split of the same files is.
_VERSIONS = f"1 {__version__}"
_SIDES = (
    *("training", "validation", "testing", "set_aside"),
    *("counter_training", "counter_testing"),
)
_NO_SIDE = len(_SIDES)
_PART = -1  # beside those of the index, and deleted with them


def split_unless_saved(
    index: DatasetIndex, signature: str, cache: CacheFile, shares: tuple[float, float]
) -> Split:
    """Split a dataset by the latest rule as `split_dataset` does, or take its latest split.

    Parameters
    ----------
    index : DatasetIndex
    signature : str
        From `compute_signature`, before the scan.
    cache : CacheFile
        Where `scan_unless_saved` kept the index, and the latest split is kept.
    shares : (float, float)
        Testing and validation percentages.

    Raises
    ------
    ConfigError, DatasetError
        As `split_dataset`.
    RunError
        The cache cannot be used.
    """
    testing, validation = map(float, shares)  # 10 is 10.0
    # Files that became readable without a change make another index of the same signature.
    rule = f"{_VERSIONS} {testing} {validation} {index.sha256} {signature}"
    content = load_part(cache, index.image_dir, rule, _PART)
    if content is not None:
        return _unpack(index, content)
    split = split_dataset(index, testing_percentage=testing, validation_percentage=validation)
    save_parts(cache, index.image_dir, rule, [(_PART, _pack(index, split))])
    return split


def _pack(index: DatasetIndex, split: Split) -> bytes:
    """Return the side of every picture as a byte, followed by the notes as JSON."""
    side_of: dict[Path, int] = {}
    for number, side in enumerate(_SIDES):
        side_of |= dict.fromkeys((picture.path for picture in getattr(split, side)), number)
    sides = bytes(side_of.get(picture.path, _NO_SIDE) for picture in index.all_pictures)
    return sides + json.dumps(split.notes).encode()


def _unpack(index: DatasetIndex, content: bytes) -> Split:
    pictures = index.all_pictures
    sides, notes = content[: len(pictures)], json.loads(content[len(pictures) :])
    members = {
        name: tuple(compress(pictures, map(number.__eq__, sides)))
        for number, name in enumerate(_SIDES)
    }
    return Split(**members, notes=tuple(notes))
