"""A trained model on disk: one folder of arrays and JSON, so that loading one runs no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.errors import BackboneError, BundleError, ConfigError
from cluster_core.model.head import Head
from cluster_core.model.preprocessing import PREPROCESSING_VERSION, Preprocessing
from cluster_core.model.registry import get_backbone
from cluster_core.model.views import PLAIN_VIEWS, SKY_VIEWS, View
from cluster_core.workspace import replacing

BUNDLE_FORMAT = "cluster-lab bundle"
BUNDLE_VERSION = 1
MANIFEST = "manifest.json"
HEAD = "head.npy"
MAX_MANIFEST_BYTES = 5_000_000
MAX_HEAD_BYTES = 200_000_000
# No training comes near these; beyond them, scores would overflow.
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
MAX_WEIGHT = 1e20
_VIEWS: Mapping[str, tuple[View, ...]] = {"plain": PLAIN_VIEWS, "sky": SKY_VIEWS}
# What reading fields of the wrong type or size raises.
_DAMAGE = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    OSError,
    ConfigError,
    BackboneError,
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
    manifest = _read_manifest(folder)
    try:
        spec = get_backbone(manifest["backbone"]["name"])
        labels = tuple(manifest["labels"])
        if len(labels) < 2 or not all(isinstance(label, str) and label for label in labels):  # noqa: PLR2004
            raise ValueError("its labels are not two names or more")
        if len(set(labels)) < len(labels):
            raise ValueError("two of its labels are the same")
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
        rows = _read_head(folder / HEAD, manifest["files"][HEAD])
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
    except _DAMAGE as error:
        detail = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise BundleError(
            f"The model in {folder} is damaged ({detail}): train it again, or copy it again "
            "from where it came from.",
            path=folder,
        ) from error


def find_newest_bundle(bundles_dir: Path) -> Path | None:
    """Return the folder of the bundle that was written last, or None."""
    manifests = sorted(
        bundles_dir.glob(f"[!.]*/{MANIFEST}"), key=lambda path: path.stat().st_mtime_ns
    )
    return manifests[-1].parent if manifests else None


def _read_manifest(folder: Path) -> dict[str, Any]:
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
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(
            f"The model in {folder} is damaged (its {MANIFEST} cannot be read: {error}): train it "
            "again, or copy it again from where it came from.",
            path=folder,
        ) from error
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


def _read_head(path: Path, sha256: str) -> np.ndarray:
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
