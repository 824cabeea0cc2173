"""Export trained arrays as the shipped assets: weights, LiteRT model, starter model."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.keras import hash_weights
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import SKY_RECORD, SKY_WEIGHTS, STARTER
from cluster_core.model.backbones.sky import build_sky_model, load_sky_weights
from cluster_core.model.bundle.bundle import BackboneReference, ModelBundle, save_bundle
from cluster_core.model.bundle.starter import REHEARSAL
from cluster_core.model.head.head import Head
from cluster_core.storage.hashing import hash_file
from pretraining.linear import Floats

TOLERANCE = 1e-4
STARTER_HEAD = "sky_starter_head.npz"


def export_assets(trained: Path, assets: Path) -> dict[str, float]:
    """Write all assets, after checking that Keras and LiteRT reproduce PyTorch's features.

    Parameters
    ----------
    trained : Path
        Folder with `backbone.npz`, `reference.npz`, `sky_starter_head.npz` and
        `sky_rehearsal.npz`.
    assets : Path
        Folder for the assets, which is created if it does not exist.

    Returns
    -------
    dict
        Largest differences of features between frameworks, relative to the largest feature.

    Raises
    ------
    SystemExit
        If one of these is above `TOLERANCE`.
    """
    assets.mkdir(parents=True, exist_ok=True)
    model = build_sky_model()
    with np.load(trained / "reference.npz") as reference:
        pictures, features = reference["pixels"] / np.float32(127.5) - 1, reference["features"]
    load_sky_weights(model, trained / "backbone.npz")
    differences = {"Keras from PyTorch": _compare(_run_keras(model, pictures), features)}
    _save_half_precision(trained / "backbone.npz", assets / SKY_WEIGHTS)
    load_sky_weights(model, assets / SKY_WEIGHTS)
    litert = _convert(model)
    record = ConvertedBackbone(
        name=SKY_BACKBONE.name,
        weights_sha256=hash_weights(model),
        weights_file_sha256=hash_file(assets / SKY_WEIGHTS),
        litert_sha256=hashlib.sha256(litert).hexdigest(),
        graph_sha256="",
        relative_error=None,
        folder=assets,
    )
    record.litert_path.write_bytes(litert)
    differences["LiteRT from Keras"] = _compare(
        _run_keras(model, pictures), _run_litert(record.litert_path, pictures)
    )
    if max(differences.values()) > TOLERANCE:
        raise SystemExit(f"The exported networks differ by more than {TOLERANCE}: {differences}")
    record = replace(record, relative_error=differences["LiteRT from Keras"])
    (assets / SKY_RECORD).write_text(json.dumps(record.to_record(), indent=2) + "\n")
    shutil.copy(trained / REHEARSAL, assets / REHEARSAL)
    _save_starter(trained / STARTER_HEAD, record, assets)
    return differences


def _save_starter(head: Path, backbone: ConvertedBackbone, assets: Path) -> None:
    with np.load(head) as arrays:
        bundle = ModelBundle(
            name=STARTER,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            labels=tuple(map(str, arrays["labels"])),
            backbone=BackboneReference(backbone.name, backbone.weights_sha256),
            preprocessing=Preprocessing(SKY_BACKBONE.input_size_px),
            views="sky",
            head=Head(arrays["weights"], arrays["bias"]),
            dataset={
                "image_dir": "a simulated sky, no photo",
                "rehearsal_sha256": hash_file(assets / REHEARSAL),
            },
        )
    save_bundle(bundle, assets)


def _save_half_precision(single: Path, half: Path) -> None:
    """Convert weights to half precision, as in LiteRT, so that both have the same rounding."""
    with np.load(single) as arrays:
        np.savez(half, **{name: arrays[name].astype(np.float16) for name in arrays.files})


def _convert(model: keras.Model) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def _run_keras(model: keras.Model, pictures: Floats) -> Floats:
    return np.asarray(model(pictures))


def _run_litert(path: Path, pictures: Floats) -> Floats:
    interpreter = Interpreter(str(path), num_threads=2)
    input_index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(input_index, pictures.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(input_index, pictures)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def _compare(received: Floats, expected: Floats) -> float:
    return float(np.abs(received - expected).max() / np.abs(expected).max())
