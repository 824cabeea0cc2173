"""Say what went wrong on a disk, and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster_core.errors import ImageError, ImageProblem, SortingError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_LOCKED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def explaining_output_errors(output: Path) -> Iterator[None]:
    """Turn an OSError of the folder that is sorted into into a SortingError.

    Raises
    ------
    SortingError
        The block raised an OSError.
    """
    try:
        yield
    except OSError as error:
        raise SortingError(f"{output} {explain(error)}", path=output) from error


def explain(error: OSError) -> str:
    """Return why a folder cannot be written, as the end of a sentence that begins with it."""
    if error.errno in _FULL:
        return "has no space left: free some, then do the same again, which goes on from here."
    if error.errno in _LOCKED:
        return "cannot be written to: allow it, or choose another folder."
    reason = error.strerror or error
    return f"could not be written ({reason}): check the disk, then do the same again."


def make_unreadable(path: Path, error: OSError) -> ImageError:
    """Return the error for a picture that can no longer be read."""
    return ImageError(
        f"{path.name} could not be read ({error.strerror or error}), and was left where it is: "
        "check that it still exists.",
        path=str(path),
        reason=ImageProblem.UNREADABLE,
    )


def make_changed(path: Path) -> ImageError:
    """Return the error for a picture that is not the one that was classified."""
    return ImageError(
        f"{path.name} changed while it was read, and was left where it is: sort again once it is "
        "complete.",
        path=str(path),
        reason=ImageProblem.UNREADABLE,
    )
