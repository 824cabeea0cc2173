"""A trained model on disk: a folder of arrays and JSON, so that loading it runs no code."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.labels import find_label_problem
from cluster_core.errors import BackboneError, ConfigError
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.bundle import (
    DEFAULT_UNSURE_BELOW,
    VIEWS,
    BackboneReference,
    ModelBundle,
)
from cluster_core.model.bundle.untrusted_files import (
    BUNDLE_FORMAT,
    BUNDLE_VERSION,
    HEAD,
    MANIFEST,
    MAX_HEAD_BYTES,
    MAX_NOVELTY_BYTES,
    NOVELTY,
    make_damaged_error,
    make_unreadable_error,
    read_manifest,
    read_table,
)
from cluster_core.model.head.head import Head
from cluster_core.model.novelty import NoveltyDetector
from cluster_core.model.novelty.saving import read_detector, to_record, to_table
from cluster_core.storage.drafts import replacing
from cluster_core.storage.file_times import get_written_ns
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_number, check_text

# Far beyond what a training produces; outside this range scores would overflow.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
_MALFORMED_FIELD_ERRORS = (*MALFORMED_ERRORS, ConfigError, BackboneError)
_MAX_NAME_LENGTH = 100


def save_bundle(bundle: ModelBundle, bundles_dir: Path) -> Path:
    """Write a bundle atomically; a bundle of the same name is replaced.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    bundles_dir : Path
        Folder of the workspace's bundles.

    Returns
    -------
    Path
        The folder of the bundle, `bundles_dir` / `bundle.name`.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = bundles_dir / bundle.name
    # One array: one row per feature, and the bias as the last row.
    rows = np.vstack([bundle.head.weights, bundle.head.bias]).astype("<f4")
    contents = {HEAD: _to_npy(rows)}
    if bundle.novelty is not None:
        contents[NOVELTY] = _to_npy(to_table(bundle.novelty))
    manifest = {
        "format": BUNDLE_FORMAT,
        "version": BUNDLE_VERSION,
        "name": bundle.name,
        "created": bundle.created,
        "labels": list(bundle.labels),
        "backbone": asdict(bundle.backbone),
        "preprocessing": bundle.preprocessing.to_record(),
        "views": bundle.views,
        "calibration": {"temperature": bundle.head.temperature},
        "metrics": dict(bundle.metrics),
        "dataset": dict(bundle.dataset),
        "settings": dict(bundle.settings),
        "unsure_below": bundle.unsure_below,
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    if bundle.novelty is not None:
        manifest["novelty"] = to_record(bundle.novelty)
    with replacing(folder) as draft:
        draft.mkdir()
        for name, content in contents.items():
            (draft / name).write_bytes(content)
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), "utf-8")
    return folder


def _to_npy(table: np.ndarray) -> bytes:
    content = BytesIO()
    np.save(content, table, allow_pickle=False)
    return content.getvalue()


def load_bundle(folder: Path) -> ModelBundle:
    """Load a bundle, and validate everything in it.

    Parameters
    ----------
    folder : Path
        The folder of the bundle.

    Returns
    -------
    ModelBundle

    Raises
    ------
    BundleError
        If the folder contains no bundle, or one that is damaged, unreadable or of
        another version.
    """
    manifest = read_manifest(folder)
    try:
        return _read_bundle(folder, manifest)
    except OSError as error:
        raise make_unreadable_error(folder, error) from error
    except _MALFORMED_FIELD_ERRORS as error:
        detail = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise make_damaged_error(folder, detail) from error


def _read_bundle(folder: Path, manifest: dict[str, Any]) -> ModelBundle:
    """Return a bundle; raise an OSError or one of `_MALFORMED_FIELD_ERRORS` if it is damaged."""
    architecture = check_text(manifest["backbone"]["name"])
    # A search for similar names would take very long.
    spec = get_backbone(architecture[:_MAX_NAME_LENGTH])
    preprocessing = _read_preprocessing(manifest["preprocessing"], spec.input_size_px)
    if manifest["views"] not in VIEWS:
        raise ValueError(f"its kind of views is {manifest['views']!r}")
    temperature = float(manifest["calibration"]["temperature"])
    if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        raise ValueError(f"its temperature is {temperature}, which is out of range")
    rows = read_table(folder / HEAD, manifest["files"][HEAD], MAX_HEAD_BYTES)
    if rows.shape != (spec.n_features + 1, len(manifest["labels"])):
        raise ValueError(f"its {HEAD} has the wrong shape {rows.shape}")
    created = manifest["created"]
    return ModelBundle(
        name=folder.resolve().name,
        created=created if isinstance(created, str) else "",
        labels=_check_labels(manifest["labels"]),
        backbone=BackboneReference(spec.name, check_text(manifest["backbone"]["weights_sha256"])),
        preprocessing=preprocessing,
        views=manifest["views"],
        head=Head(rows[:-1], rows[-1], temperature),
        metrics=_check_object(manifest, "metrics"),
        dataset=_check_object(manifest, "dataset"),
        settings=_check_object(manifest, "settings"),
        # These two are absent in models of version 0.1.
        novelty=_read_novelty(folder, manifest, spec.n_features),
        unsure_below=check_unsure_below(manifest.get("unsure_below", DEFAULT_UNSURE_BELOW)),
    )


def _read_novelty(
    folder: Path, manifest: dict[str, Any], n_features: int
) -> NoveltyDetector | None:
    if manifest.get("novelty") is None:
        return None
    table = read_table(folder / NOVELTY, manifest["files"][NOVELTY], MAX_NOVELTY_BYTES)
    return read_detector(table, manifest["novelty"], n_features)


def check_unsure_below(value: object) -> float:
    """Return the score below which an answer is unsure; raise ValueError if it is not 0 to 1."""
    score = check_number(value)
    if not 0 <= score <= 1:
        raise ValueError(f"its limit for unsure answers is {score}, which is not 0 to 1")
    return score


def _read_preprocessing(record: dict[str, Any], size_px: int) -> Preprocessing:
    preprocessing = Preprocessing.from_record(record)
    if preprocessing.size_px != size_px:
        raise ValueError(f"its picture size is {preprocessing.size_px} pixels")
    return preprocessing


def _check_object(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    value = manifest[name]
    if not isinstance(value, dict):
        raise ValueError(f"its {name} are not named values")
    return value


def find_newest_bundle(bundles_dir: Path) -> Path | None:
    """Return the folder of the most recently written bundle, or None.

    Raises
    ------
    BundleError
        If `bundles_dir` cannot be read.
    """
    return next(iter(list_bundle_folders(bundles_dir)), None)


def list_bundle_folders(bundles_dir: Path) -> tuple[Path, ...]:
    """Return the folders of all bundles, even damaged ones, most recently written first.

    Raises
    ------
    BundleError
        If `bundles_dir` cannot be read.
    """
    try:
        folders = [path for path in bundles_dir.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:  # no training has written a model yet
        return ()
    except OSError as error:
        raise make_unreadable_error(bundles_dir, error) from error
    # A damaged model may have lost one of its files.
    written = [
        (get_written_ns(folder / MANIFEST), folder)
        for folder in folders
        if os.path.lexists(folder / MANIFEST) or os.path.lexists(folder / HEAD)
    ]
    return tuple(folder for _, folder in sorted(written, reverse=True))


def _check_labels(labels: list[str]) -> tuple[str, ...]:
    """Return the labels; raise ValueError unless a training could have produced them."""
    is_list = isinstance(labels, list) and len(labels) >= 2  # noqa: PLR2004
    if not is_list or not all(isinstance(label, str) and label for label in labels):
        raise ValueError("its labels are not two or more names")
    if len(set(labels)) < len(labels):
        raise ValueError("two of its labels are the same")
    for label in labels:
        if problem := find_label_problem(label):
            raise ValueError(f"its label {label!r} has {problem}")
    return tuple(labels)
