"""Write a network as it ships: a LiteRT file in half precision, and its record."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cluster_core.model.backbones.conversion import MAX_RELATIVE_ERROR
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.keras import hash_weights, load_backbone
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import BackboneSpec
from cluster_core.model.backbones.shipped import name_record
from pretraining.linear import Floats

MAX_HALF_PRECISION_LOSS = 1e-2


def ship_network(
    spec: BackboneSpec, model: keras.Model, pictures: np.ndarray, assets: Path
) -> tuple[ConvertedBackbone, dict[str, float]]:
    """Write a network's LiteRT file and record, and delete its earlier LiteRT files.

    Parameters
    ----------
    spec : BackboneSpec
        A network with `ships`.
    model : keras.Model
        The network, whose weights are rounded to half precision.
    pictures : ndarray of uint8, (n, size, size, 3)
        Pictures to compare features on.
    assets : Path
        An existing folder, to write into.

    Returns
    -------
    record : ConvertedBackbone
    differences : dict
        Largest differences of features, relative to the largest feature.

    Raises
    ------
    SystemExit
        If a difference is too large, or the file does not hold the weights of the network.
    """
    single = run_keras(model, pictures)
    model.set_weights(_round_to_half(model))
    half = run_keras(model, pictures)
    content = _convert(model)
    litert = LiteRTExtractor(content).extract(list(pictures))
    loss, error = compare(half, single), compare(litert, half)
    if not (loss <= MAX_HALF_PRECISION_LOSS and error <= MAX_RELATIVE_ERROR):
        raise SystemExit(f"The features differ too much: {loss=:.1e}, {error=:.1e}")
    sha256 = hashlib.sha256(content).hexdigest()
    record = ConvertedBackbone(
        name=spec.name,
        weights_sha256=hash_weights(model),
        weights_file_sha256=sha256,
        litert_sha256=sha256,
        graph_sha256="",
        relative_error=error,
        folder=assets,
    )
    for earlier in assets.glob(f"{spec.name}-*.tflite"):
        earlier.unlink()
    record.litert_path.write_bytes(content)
    if hash_weights(load_backbone(spec, record.litert_path)) != record.weights_sha256:
        raise SystemExit(f"The weights read from {record.litert_path} are not those written")
    (assets / name_record(spec)).write_text(json.dumps(record.to_record(), indent=2) + "\n")
    return record, {"half from single precision": loss, "LiteRT from Keras": error}


def run_keras(model: keras.Model, pictures: np.ndarray) -> Floats:
    """Return the features of pictures, uint8, (n, size, size, 3)."""
    return np.asarray(model(to_unit_range(pictures), training=False))


def compare(received: Floats, expected: Floats) -> float:
    """Return the largest difference of features, over the largest feature."""
    return float(np.abs(received - expected).max() / np.abs(expected).max())


def _round_to_half(model: keras.Model) -> list[Floats]:
    """Return a network's weights, rounded to numbers that half precision can hold."""
    return [
        _round_keeping_sums(weight.numpy())
        if weight.path.endswith("depthwise/kernel")
        else weight.numpy().astype(np.float16).astype(np.float32)
        for weight in model.weights
    ]


def _round_keeping_sums(kernel: Floats) -> Floats:
    """Round a depthwise kernel, and keep the sum over its pixels.

    Neighbouring pixels are alike, so that an error of the sum counts most. Each weight is
    rounded together with the error so far, from the largest weight to the smallest.
    """
    pixels = kernel.reshape(-1, kernel.shape[-2])  # (n_pixels, n_channels)
    rounded = np.empty_like(pixels)
    channels, error = np.arange(pixels.shape[1]), np.zeros(pixels.shape[1])
    for row in np.argsort(-np.abs(pixels), axis=0):
        wanted = pixels[row, channels] + error
        rounded[row, channels] = wanted.astype(np.float16)
        error = wanted - rounded[row, channels]
    return rounded.reshape(kernel.shape)


def _convert(model: keras.Model) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    with redirect_stdout(sys.stderr):  # where the converter would print what it saved
        return bytes(converter.convert())
