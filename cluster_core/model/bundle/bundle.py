"""A trained model on disk: one folder of arrays and JSON, so that loading one runs no code."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.data.labels import find_label_problem
from cluster_core.errors import BackboneError, ConfigError
from cluster_core.model.backbones.preprocessing import PREPROCESSING_VERSION, Preprocessing
from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.bundle.files import (
    BUNDLE_FORMAT,
    BUNDLE_VERSION,
    HEAD,
    MANIFEST,
    damaged,
    locked,
    read_head,
    read_manifest,
)
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS, View
from cluster_core.model.head.head import Head
from cluster_core.workspace import replacing

# No training comes near these; beyond them, scores would overflow.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
_VIEWS: Mapping[str, tuple[View, ...]] = {"plain": PLAIN_VIEWS, "sky": SKY_VIEWS}
# What reading fields of the wrong type or size raises.
_DAMAGE = (
    *(KeyError, TypeError, ValueError, AttributeError, OverflowError),
    *(ConfigError, BackboneError),
)


@dataclass(frozen=True)
class BackboneReference:
    """Which network a head was trained on, to the last weight."""

    name: str
    weights_sha256: str


@dataclass(frozen=True)
class ModelBundle:
    """A trained model, with all that prediction needs to know.

    Attributes
    ----------
    name : str
        Name of its folder.
    created : str
        When it was trained, ISO 8601, UTC.
    labels : tuple of str
        The classes, in the order of the head's columns.
    backbone : BackboneReference
        What computes the features.
    preprocessing : Preprocessing
        How pictures are brought to it.
    views : {"plain", "sky"}
        Whether a picture is seen once, or in the eight symmetries of the sky.
    head : Head
        From features to scores.
    metrics : dict
        What was measured when it was trained.
    dataset : dict
        Hash and counts of what it was trained on.
    settings : dict
        The training's configuration.
    """

    name: str
    created: str
    labels: tuple[str, ...]
    backbone: BackboneReference
    preprocessing: Preprocessing
    views: str
    head: Head
    metrics: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def view_list(self) -> tuple[View, ...]:
        """The views that a prediction is the mean of."""
        return _VIEWS[self.views]


def save_bundle(bundle: ModelBundle, bundles_dir: Path) -> Path:
    """Write a bundle's folder beside, then rename it into place.

    Returns
    -------
    Path
        The folder, `bundles_dir` / the bundle's name.
    """
    folder = bundles_dir / bundle.name
    # One array: a row for each feature, and the bias as the last.
    rows = np.vstack([bundle.head.weights, bundle.head.bias]).astype("<f4")
    array = BytesIO()
    np.save(array, rows, allow_pickle=False)
    content = array.getvalue()
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
        "files": {HEAD: hashlib.sha256(content).hexdigest()},
    }
    with replacing(folder) as draft:
        draft.mkdir()
        (draft / HEAD).write_bytes(content)
        (draft / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False), "utf-8")
    return folder


def load_bundle(folder: Path) -> ModelBundle:
    """Read a bundle, and trust nothing in it.

    Raises
    ------
    BundleError
        The folder holds no bundle, a damaged one, or one of a newer version.
    """
    manifest = read_manifest(folder)
    try:
        spec = get_backbone(manifest["backbone"]["name"])
        labels = _check_labels(tuple(manifest["labels"]))
        if manifest["preprocessing"]["version"] != PREPROCESSING_VERSION:
            raise ValueError("its pictures were prepared in another way than this version does")
        preprocessing = Preprocessing.from_record(manifest["preprocessing"])
        if preprocessing.size_px != spec.input_size_px:
            raise ValueError(f"its pictures have {preprocessing.size_px} pixels a side")
        if manifest["views"] not in _VIEWS:
            raise ValueError(f"its views are {manifest['views']!r}")
        temperature = float(manifest["calibration"]["temperature"])
        if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
            raise ValueError(f"its temperature is {temperature}")
        rows = read_head(folder / HEAD, manifest["files"][HEAD])
        if rows.shape != (spec.n_features + 1, len(labels)):
            raise ValueError(f"its head has the shape {rows.shape}")
        return ModelBundle(
            name=folder.resolve().name,
            created=str(manifest["created"]),
            labels=labels,
            backbone=BackboneReference(spec.name, str(manifest["backbone"]["weights_sha256"])),
            preprocessing=preprocessing,
            views=manifest["views"],
            head=Head(rows[:-1], rows[-1], temperature),
            metrics=dict(manifest["metrics"]),
            dataset=dict(manifest["dataset"]),
            settings=dict(manifest["settings"]),
        )
    except OSError as error:
        raise locked(folder, error) from error
    except _DAMAGE as error:
        detail = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise damaged(folder, detail) from error


def find_newest_bundle(bundles_dir: Path) -> Path | None:
    """Return the folder of the bundle that was written last, or None; BundleError if locked."""
    return next(iter(list_bundle_folders(bundles_dir)), None)


def list_bundle_folders(bundles_dir: Path) -> tuple[Path, ...]:
    """Return the folders with a manifest, the one written last first; BundleError if locked."""
    written = []
    try:
        for folder in bundles_dir.iterdir():
            if not folder.name.startswith("."):
                # Deleted since it was listed, or no model.
                with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                    written.append(((folder / MANIFEST).stat().st_mtime_ns, folder))
    except FileNotFoundError:  # nothing was trained here yet
        return ()
    except OSError as error:
        raise locked(bundles_dir, error) from error
    return tuple(folder for _, folder in sorted(written, reverse=True))


def _check_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return labels that are as a training names them; ValueError for others."""
    if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):  # noqa: PLR2004
        raise ValueError("its labels are not two names or more")
    if len(set(labels)) < len(labels):
        raise ValueError("two of its labels are the same")
    for label in labels:
        if problem := find_label_problem(label):
            raise ValueError(f"its label {label!r} has {problem}")
    return labels
