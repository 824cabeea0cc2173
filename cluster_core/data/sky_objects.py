"""Say which object in the sky each picture of a dataset shows, without solving any."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster_core.data.pictures import Picture
from cluster_core.errors import ImageError
from cluster_core.images import read_bytes
from cluster_core.sky_names.cache import IdentityCache
from cluster_core.sky_names.identification import Identification, identify
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.mapping import map_images

# The files whose header may name an object: FITS, plain or packed, and XISF.
_WITH_HEADER = frozenset({".fits", ".fit", ".fts", ".fz", ".gz", ".bz2", ".xisf"})


def find_sky_objects(files: Sequence[tuple[Path, str]], cache: CacheFile) -> list[str]:
    """Return the object that each picture shows by its header.

    Plate solving does not count: a picture may be solved at any time, which must not change how a
    dataset is split.

    Parameters
    ----------
    files : sequence of (Path, str)
        Pictures, each with the SHA-256 of its content.
    cache : CacheFile
        Where identities are kept. A header is read only once.

    Returns
    -------
    list of str
        One key per picture, as in `find_objects`; "" if none is known.

    Raises
    ------
    RunError
        The cache cannot be used.
    """
    identities = IdentityCache(cache)
    known = dict(identities.load_headers([sha256 for _, sha256 in files]))
    unread = {
        sha256: path
        for path, sha256 in files
        if sha256 not in known and path.suffix.lower() in _WITH_HEADER
    }
    if unread:
        found = list(zip(unread, map_images(_read_header, unread.values()), strict=True))
        identities.save_headers(found)
        known |= identities.load_headers(list(unread))
    return [known.get(sha256, "") for _, sha256 in files]


def find_solved_objects(pictures: Sequence[Picture], cache: CacheFile) -> Mapping[str, str]:
    """Return the objects of those pictures that were solved before.

    Returns
    -------
    mapping of str to str
        By SHA-256, one key as in `find_objects`.

    Raises
    ------
    RunError
        The cache cannot be used.
    """
    return IdentityCache(cache).load_solved([picture.sha256 for picture in pictures])


def _read_header(path: Path) -> Identification:
    with contextlib.suppress(ImageError):  # it vanished, which the next scan reports
        return identify(read_bytes(path), "", None)
    return Identification()
