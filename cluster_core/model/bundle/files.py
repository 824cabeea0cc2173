"""The two files of a bundle, read with care: whoever sent them may mean harm."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.errors import BundleError

BUNDLE_FORMAT = "cluster-lab bundle"
BUNDLE_VERSION = 1
MANIFEST = "manifest.json"
HEAD = "head.npy"
MAX_MANIFEST_BYTES = 5_000_000
MAX_HEAD_BYTES = 200_000_000
# No training comes near this; beyond it, scores would overflow.
MAX_WEIGHT = 1e20


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a bundle of this version; BundleError if there is none."""
    path = folder / MANIFEST
    try:
        size = path.stat().st_size
        if size > MAX_MANIFEST_BYTES:
            raise ValueError(f"{MANIFEST} has {size} bytes")
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BundleError(
            f"There is no model in {folder}: it should be a folder with a {MANIFEST}, as a "
            "training writes it.",
            path=folder,
        ) from error
    except NotADirectoryError as error:
        raise BundleError(
            f"{folder} is a file, and a model is a folder with a {MANIFEST}, as a training writes "
            "it: give that folder; a .pb graph is run by label_image only.",
            path=folder,
        ) from error
    except OSError as error:
        raise locked(folder, error) from error
    except (ValueError, RecursionError) as error:
        raise damaged(folder, f"its {MANIFEST} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != BUNDLE_FORMAT:
        raise BundleError(
            f"{folder} holds something else than a model of this program: give a folder that a "
            "training wrote.",
            path=folder,
        )
    version = manifest.get("version")
    if version != BUNDLE_VERSION:
        raise BundleError(
            f"The model in {folder} has format version {version}, and this program reads version "
            f"{BUNDLE_VERSION}: update the program, or train the model again.",
            path=folder,
        )
    return manifest


def read_head(path: Path, sha256: str) -> np.ndarray:
    """Return the head's array, (n_features + 1, n_labels) float32; ValueError if it is not one."""
    if not path.is_file():
        raise ValueError(f"{path.name} is missing")
    if path.stat().st_size > MAX_HEAD_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_HEAD_BYTES} bytes")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} was altered")
    try:
        rows = np.load(BytesIO(content), allow_pickle=False)
    except Exception as error:  # whatever the parsers of its header and of ZIP archives raise
        raise ValueError(f"{path.name} is not a table of numbers") from error
    if not isinstance(rows, np.ndarray) or rows.dtype != np.dtype("<f4") or rows.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"{path.name} is not a table of numbers")
    if not (np.abs(rows) <= MAX_WEIGHT).all():  # also refuses NaN
        raise ValueError(f"{path.name} holds numbers that are not finite or beyond measure")
    return rows


def damaged(folder: Path, detail: str) -> BundleError:
    """Return the error of a bundle that is not as a training wrote it."""
    return BundleError(
        f"The model in {folder} is damaged ({detail}): train it again, or copy it again from where "
        "it came from.",
        path=folder,
    )


def locked(folder: Path, error: OSError) -> BundleError:
    """Return the error of a bundle that the system will not let us read."""
    return BundleError(
        f"The model in {folder} could not be opened ({error.strerror}): allow reading the folder "
        "and its files.",
        path=folder,
    )
