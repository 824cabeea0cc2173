"""Turn trained arrays into what the app ships: Keras weights, their LiteRT twin, checksums."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from cluster_core.model.sky_assets import CHECKSUMS, LITERT, STARTER_HEAD, WEIGHTS
from cluster_core.model.sky_backbone import build_sky_model, load_sky_weights
from pretraining.linear import Floats

TOLERANCE = 1e-4


def export_assets(trained: Path, assets: Path) -> dict[str, float]:
    """Write all assets, and return how far the twins differ.

    Parameters
    ----------
    trained : Path
        Holds `backbone.npz`, `reference.npz` and `sky_starter_head.npz`.
    assets : Path
        Where they go.

    Raises
    ------
    SystemExit
        If Keras differs from PyTorch, or LiteRT from Keras, by more than a ten-thousandth
        of the largest feature.
    """
    assets.mkdir(parents=True, exist_ok=True)
    model = build_sky_model()
    with np.load(trained / "reference.npz") as reference:
        pictures, features = reference["pixels"] / np.float32(127.5) - 1, reference["features"]
    load_sky_weights(model, trained / "backbone.npz")
    differences = {"Keras from PyTorch": _compare(_run_keras(model, pictures), features)}
    _halve(trained / "backbone.npz", assets / WEIGHTS)
    load_sky_weights(model, assets / WEIGHTS)
    (assets / LITERT).write_bytes(_convert(model))
    twins = _run_keras(model, pictures), _run_litert(assets / LITERT, pictures)
    differences["LiteRT from Keras"] = _compare(*twins)
    if max(differences.values()) > TOLERANCE:
        raise SystemExit(f"The twins differ: {differences}")
    shutil.copy(trained / STARTER_HEAD, assets / STARTER_HEAD)
    _write_checksums(assets)
    return differences


def _halve(single: Path, half: Path) -> None:
    """Store weights in half precision: both twins then hold the same rounded numbers."""
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
    place = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(place, pictures.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(place, pictures)
    interpreter.invoke()
    return np.asarray(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))


def _compare(received: Floats, expected: Floats) -> float:
    return float(np.abs(received - expected).max() / np.abs(expected).max())


def _write_checksums(assets: Path) -> None:
    sums = {
        name: hashlib.sha256((assets / name).read_bytes()).hexdigest()
        for name in (WEIGHTS, LITERT, STARTER_HEAD)
    }
    (assets / CHECKSUMS).write_text(json.dumps(sums, indent=2) + "\n")
