"""Find entries of a .zip that should not be unpacked: ones that lead elsewhere, links, bombs."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import PurePosixPath

from cluster_core.data.labels import find_label_problem

# Deflate compresses at most 1032-fold; real pictures stay below 100-fold.
MAX_RATIO = 200
MIN_BOMB_BYTES = 1_000_000
_ENCRYPTED_FLAGS = 0x1 | 0x40 | 0x2000
_DRIVE = re.compile(r"[A-Za-z]:")


def find_entry_problem(info: zipfile.ZipInfo, name: str) -> str | None:
    """Say why an entry is not allowed, whatever the archive is for; None if it is.

    Parameters
    ----------
    info : ZipInfo
        The entry.
    name : str
        Its name, see `decode_names`.

    Returns
    -------
    str or None
        A predicate such as "is a link".
    """
    mode = info.external_attr >> 16
    ratio = info.file_size / max(info.compress_size, 1)
    problems = (
        (stat.S_ISLNK(mode), "is a link"),
        (stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR), "is a device, not a file"),
        (info.flag_bits & _ENCRYPTED_FLAGS, "is protected with a password"),
        (
            info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED),
            "uses an unsupported compression (only Deflate can be read)",
        ),
        (
            info.file_size > MIN_BOMB_BYTES and ratio > MAX_RATIO,
            f"would grow {ratio:,.0f} times larger when unpacked, like a zip bomb",
        ),
        (info.header_offset < 0, "starts before the beginning of the file"),
    )
    found = next((problem for is_found, problem in problems if is_found), None)
    return find_name_problem(name) or found


def find_name_problem(name: str) -> str | None:
    """Say why the name of an entry is not allowed, as `find_entry_problem` does."""
    problems = (
        (find_label_problem(name) is not None, "has a control character in its name"),
        ("\\" in name, "has a backslash in its name, where archives use a slash"),
        (name.startswith("/") or _DRIVE.match(name), "has an absolute path"),
        (".." in PurePosixPath(name).parts, "leads out of its folder with .."),
    )
    return next((problem for is_found, problem in problems if is_found), None)
