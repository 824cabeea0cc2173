"""Read the files of a bundle, which may be malicious."""

from __future__ import annotations

import hashlib
import json
import math
import re
import reprlib
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cluster_core.errors import BundleError
from cluster_core.storage.saved_values import make_printable

BUNDLE_FORMAT = "cluster-lab bundle"
BUNDLE_VERSION = 1
MANIFEST = "manifest.json"
HEAD = "head.npy"
NOVELTY = "novelty.npy"  # absent in models of version 0.1
MAX_MANIFEST_BYTES = 5_000_000
MAX_HEAD_BYTES = 200_000_000
MAX_NOVELTY_BYTES = 12_000_000
# Every value takes up to 80 bytes in memory, and a training with 700 classes writes 500,000.
MAX_MANIFEST_VALUES = 600_000
MAX_HEADER_BYTES = 10_000
# Far beyond what a training produces; larger weights would make scores overflow.
MAX_WEIGHT = 1e20
_MAX_DETAIL_LENGTH = 300
# The header that `numpy.save` writes. Matching it needs no parser, which could be attacked.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '<f4', 'fortran_order': (True|False), "
    rb"'shape': \((\d{1,9}), (\d{1,9})\), \} *\n",
    re.DOTALL,
)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle, with only its format and version checked.

    Raises
    ------
    BundleError
        If the folder contains no model, an unreadable or damaged manifest, or one of
        another version.
    """
    path = folder / MANIFEST
    try:
        size = path.stat().st_size
        if size > MAX_MANIFEST_BYTES:
            raise ValueError(f"{size} bytes are too many")
        manifest = parse_manifest(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            f"There is no model in {folder}: choose a folder that a training wrote, with a "
            f"{MANIFEST} in it.",
            path=folder,
        ) from error
    except NotADirectoryError as error:
        raise BundleError(
            f"{folder} is a file, but a model is a folder with a {MANIFEST}: choose that folder. "
            "Only label_image can run a .pb graph.",
            path=folder,
        ) from error
    except OSError as error:
        raise make_unreadable_error(folder, error) from error
    except (ValueError, RecursionError) as error:
        raise make_damaged_error(folder, f"its {MANIFEST} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != BUNDLE_FORMAT:
        raise BundleError(
            f"{folder} does not contain a Cluster Lab model: choose a folder that a training "
            "wrote.",
            path=folder,
        )
    version = manifest.get("version")
    if version != BUNDLE_VERSION:
        raise BundleError(
            f"The model in {folder} has format version {reprlib.repr(version)}, but this program "
            f"reads version {BUNDLE_VERSION}: update the program, or train the model again.",
            path=folder,
        )
    return manifest


def parse_manifest(text: str) -> Any:
    """Return the content of a manifest as JSON, unless it would take very much memory.

    Raises
    ------
    ValueError, RecursionError
        It is not JSON, has too many values or a number that is not finite, or is nested too
        deeply.
    """
    if sum(map(text.count, ",[{")) > MAX_MANIFEST_VALUES:
        raise ValueError(f"it has more than {MAX_MANIFEST_VALUES:,} values")
    return json.loads(text, parse_float=_parse_finite, parse_constant=_parse_finite)


def _parse_finite(text: str) -> float:
    """Return a number; raise ValueError for NaN and Infinity, and for 1e999, which becomes it."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{reprlib.repr(text)} is not a finite number")
    return number


def read_table(path: Path, sha256: str, max_bytes: int) -> np.ndarray:
    """Return a table of numbers, such as a head, whose last row is the bias.

    Parameters
    ----------
    path : Path
        A .npy file.
    sha256 : str
        Expected hash of the file, hexadecimal.
    max_bytes : int
        Largest size of the file.

    Returns
    -------
    ndarray of float32, (n_rows, n_columns)

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If the file is missing, was altered, is too large, or is not a table of finite
        float32 numbers.
    """
    if not path.is_file():
        raise ValueError(f"{path.name} is missing")
    if path.stat().st_size > max_bytes:
        raise ValueError(f"{path.name} is larger than {max_bytes} bytes")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} was altered")
    header = _HEADER.match(content)
    if header is None:
        raise ValueError(f"{path.name} is not a table of numbers")
    is_fortran, *shape = header.groups()
    values = np.frombuffer(content, "<f4", offset=header.end())  # rejects an incomplete number
    order: Literal["C", "F"] = "F" if is_fortran == b"True" else "C"
    rows = values.reshape([int(size) for size in shape], order=order)
    if not (np.abs(rows) <= MAX_WEIGHT).all():  # rejects NaN, too
        raise ValueError(f"{path.name} contains numbers that are infinite or too large")
    return rows


def make_damaged_error(folder: Path, detail: str) -> BundleError:
    """Return the error for a bundle whose content is not what a training wrote."""
    detail = " ".join(make_printable(detail[:_MAX_DETAIL_LENGTH]).split())
    return BundleError(
        f"The model in {folder} is damaged ({detail}): train it again, or copy it again from its "
        "source.",
        path=folder,
    )


def make_unreadable_error(folder: Path, error: OSError) -> BundleError:
    """Return the error for a bundle that the operating system does not let us read."""
    return BundleError(
        f"The model in {folder} could not be opened ({error.strerror}): check the permissions of "
        "the folder and its files.",
        path=folder,
    )
