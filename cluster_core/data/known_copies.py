"""Mark the copies among many pictures, which are searched for only once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np

from cluster_core.data.copies import find_copies
from cluster_core.data.fingerprints import FINGERPRINT_VERSION
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal

SEARCH_VERSION = 2
_CREATE = "CREATE TABLE IF NOT EXISTS copies (pictures TEXT PRIMARY KEY, pairs BLOB) WITHOUT ROWID"
_INSERT = "INSERT OR REPLACE INTO copies VALUES (?, ?)"
_SELECT = "SELECT pairs FROM copies WHERE pictures IN ({keys})"


def list_known_copies(
    pictures: Sequence[tuple[str, bytes]],
    cache: CacheFile,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[tuple[str, ...]]:
    """Return the copies of each picture, from the cache if these pictures were compared before.

    Parameters
    ----------
    pictures : sequence of (str, bytes)
        SHA-256 and fingerprint of the n pictures of a dataset.
    cache : CacheFile
        Where the result is kept, for these pictures in any order.
    on_progress : callable, optional
        See `find_copies`.

    Returns
    -------
    list of tuple of str
        For each picture, the SHA-256 of its copies; see `find_copies`.
    """
    order = sorted(range(len(pictures)), key=lambda number: pictures[number][0])
    sha256s = [pictures[number][0] for number in order]
    versions = f"{FINGERPRINT_VERSION} {SEARCH_VERSION} "
    key = hashlib.sha256((versions + "".join(sha256s)).encode()).hexdigest()
    cache.create_table(_CREATE)
    content = next((unseal(row[0], key) for row in cache.read_in(_SELECT, [key])), None)
    if content is None:
        found = find_copies([pictures[number][1] for number in order], on_progress)
        content = np.array(found, "<i4").tobytes()
        cache.write_many(_INSERT, [(key, seal(content, key))])
    copies: dict[int, list[str]] = defaultdict(list)
    for one, other in np.frombuffer(content, "<i4").reshape(-1, 2).tolist():
        copies[order[one]].append(sha256s[other])
        copies[order[other]].append(sha256s[one])
    return [tuple(copies.get(number, ())) for number in range(len(pictures))]
