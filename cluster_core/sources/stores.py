"""The pictures of object stores such as s3://, through the optional package fsspec."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import DEFAULT_LIMITS, check_file_bytes, has_image_suffix
from cluster_core.sources.source import PictureSource

# Other file systems of fsspec reach this computer or other programs.
SCHEMES = frozenset({"s3", "gs", "gcs", "az", "abfs"})
_WILDCARDS = frozenset("*?[")


def is_store(place: str) -> bool:
    """Tell whether an argument is the address of an object store."""
    return place.partition("://")[0].lower() in SCHEMES


def iterate_store(address: str, on_other: Callable[[str], None]) -> Iterator[PictureSource]:
    """Yield the pictures of a folder of an object store, of a pattern, or a single one.

    Parameters
    ----------
    address : str
        Such as `s3://bucket/night`, `s3://bucket/*/light*.fits` or `s3://bucket/m13.fits`.
    on_other : callable
        Called with the name of each file that does not have the ending of a picture.

    Yields
    ------
    PictureSource
        Sorted by name within each folder.

    Raises
    ------
    ImageError
        There is nothing at the address, the store cannot be reached, or a package for it is
        missing.
    """
    store, root = _open_store(address)
    try:
        places = sorted(store.glob(root)) if _WILDCARDS.intersection(root) else [root]
        if not places or not store.exists(places[0]):
            raise FileNotFoundError(2, "there is nothing at this address")
        for place in places:
            yield from _iterate_place(store, place, on_other)
    except ImageError:
        raise
    # Each store has errors of its own, of its client and of its network.
    except Exception as error:
        raise _make_error(address, error) from error


def _open_store(address: str) -> tuple[Any, str]:
    """Return the file system, of type `fsspec.AbstractFileSystem`, and the path in it."""
    try:
        from fsspec.core import url_to_fs

        store, root = url_to_fs(address)
    except ImportError as error:
        needed = 'pip install "cluster-lab[stores]"'
        raise ImageError(
            f"{address} needs a package that is not installed ({error}): run {needed}, then try "
            "again.",
            path=address,
            reason=ImageProblem.UNSUPPORTED,
        ) from error
    except Exception as error:
        raise _make_error(address, error) from error
    return store, root


def _iterate_place(
    store: Any, place: str, on_other: Callable[[str], None]
) -> Iterator[PictureSource]:
    if not store.isdir(place):
        yield _make_source(store, place)
        return
    for folder, folders, files in store.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if name.startswith(".") or not name:
                continue
            if has_image_suffix(Path(name)):
                yield _make_source(store, f"{folder}/{name}")
            else:
                on_other(name)


def _make_source(store: Any, place: str) -> PictureSource:
    name = store.unstrip_protocol(place)
    return PictureSource(name, functools.partial(_read, store, place, name))


def _read(store: Any, place: str, name: str) -> bytes:
    try:
        check_file_bytes(store.size(place) or 0, PurePosixPath(place).name, DEFAULT_LIMITS)
        return store.cat_file(place)
    except ImageError:
        raise
    except Exception as error:
        raise _make_error(name, error) from error


def _make_error(address: str, error: Exception) -> ImageError:
    reason = str(error.strerror if isinstance(error, OSError) and error.strerror else error)
    return ImageError(
        f"{address} could not be read ({' '.join(reason.split()) or type(error).__name__}): check "
        "the address, and that you are signed in to this store.",
        path=address,
        reason=ImageProblem.UNREADABLE,
    )
