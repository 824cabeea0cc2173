"""Rename a file or folder in one step that neither replaces anything nor can be cut in half."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # Linux
_RENAME_EXCL = 4  # macOS
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


def rename_exclusively(source: Path, target: Path) -> None:
    """Rename a file, folder or link, unless something is called `target` already.

    Parameters
    ----------
    source, target : Path
        Paths on the same disk.

    Raises
    ------
    FileExistsError
        `target` exists.
    OSError
        It cannot be renamed; then `source` is unchanged.
    """
    code = errno.ENOSYS
    if _rename is not None:
        sys.audit("os.rename", str(source), str(target), -1, -1)
        code = _rename(os.fsencode(source), os.fsencode(target))
    if code in _UNSUPPORTED:
        _reserve_and_rename(source, target)
    elif code:
        raise OSError(code, os.strerror(code), str(source), None, str(target))


def _find_system_call() -> Callable[[bytes, bytes], int] | None:
    """Return a function that renames and returns an error number; None where there is none."""
    if os.name == "nt":
        return None
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):

        def call(source: bytes, target: bytes) -> int:
            here = _AT_FDCWD
            return int(library.renameat2(here, source, here, target, _RENAME_NOREPLACE))

    elif hasattr(library, "renamex_np"):

        def call(source: bytes, target: bytes) -> int:
            return int(library.renamex_np(source, target, _RENAME_EXCL))

    else:
        return None
    return lambda source, target: ctypes.get_errno() if call(source, target) else 0


def _reserve_and_rename(source: Path, target: Path) -> None:
    """Rename where the system or the disk cannot do it exclusively.

    An empty file or folder reserves the name. Windows needs none: it never replaces any.
    """
    if os.name == "nt":
        os.rename(source, target)
        return
    is_folder = source.is_dir() and not source.is_symlink()
    if is_folder:
        target.mkdir()
    else:
        target.open("xb").close()
    try:
        os.rename(source, target)
    except OSError:
        if is_folder:
            target.rmdir()
        else:
            target.unlink(missing_ok=True)
        raise


_rename = _find_system_call()
