"""Build backbones in Keras and load their weights. Importing this module loads TensorFlow."""

from __future__ import annotations

import hashlib
import logging
import warnings
from pathlib import Path

import keras
import numpy as np

from cluster_core.errors import BackboneError, DownloadError
from cluster_core.model.backbones.everyday import build_everyday_model
from cluster_core.model.backbones.litert import read_weights
from cluster_core.model.backbones.registry import (
    EVERYDAY_BACKBONE,
    SKY_BACKBONE,
    TEST_BACKBONE,
    BackboneSpec,
)
from cluster_core.model.backbones.shipped import check_shipped_weights
from cluster_core.model.backbones.sky import build_sky_model
from cluster_core.model.backbones.weights import find_weights, list_weights_files
from cluster_core.model.backbones.weights_download import (
    ByteProgress,
    download_weights,
    ignore_progress,
)

_logger = logging.getLogger(__name__)

BUILDERS = {SKY_BACKBONE.name: build_sky_model, EVERYDAY_BACKBONE.name: build_everyday_model}

# What h5py and the checks of Keras raise for a file with other content. A MemoryError is not among
# them: then the file may be fine.
_LOADING_ERRORS = (OSError, LookupError, ValueError, TypeError, AttributeError, RuntimeError)


def obtain_weights(
    spec: BackboneSpec, model_dir: Path, on_download: ByteProgress = ignore_progress
) -> Path | None:
    """Return the weights file of a backbone; download it if it is missing.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    model_dir : Path
        Folder to search, and to download to.
    on_download : callable, optional
        See `download_weights`.

    Returns
    -------
    Path or None
        None for a backbone that needs no weights.

    Raises
    ------
    BackboneError
        If the file is missing and cannot be downloaded, or the shipped weights were altered.
    """
    if spec.ships:
        return check_shipped_weights(spec)
    if not spec.weights_file:
        return None
    return find_weights(spec, model_dir) or _download(spec, model_dir, on_download)


def load_backbone(spec: BackboneSpec, weights_path: Path | None) -> keras.Model:
    """Build a backbone with its weights.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    weights_path : Path or None
        Its weights file; None for the `random` backbone.

    Returns
    -------
    keras.Model
        Maps RGB pictures, float32 (batch, size, size, 3) from -1 to 1, to features,
        float32 (batch, n_features).

    Raises
    ------
    BackboneError
        If the file does not contain this network's weights.
    """
    if spec == TEST_BACKBONE:
        return _build_random(spec)
    if spec.ships:
        assert weights_path is not None
        return _load_shipped(spec, weights_path)
    model = _build(spec)
    (application,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    try:
        with warnings.catch_warnings():
            # Keras warns about every mismatched layer before it raises.
            warnings.simplefilter("ignore", UserWarning)
            application.load_weights(weights_path)
    except _LOADING_ERRORS as error:
        raise BackboneError(
            f"{weights_path} does not contain the weights of {spec.name} ({_first_line(error)}): "
            f"replace it with {' or '.join(list_weights_files(spec))} from {spec.weights_url}.",
            name=spec.name,
        ) from error
    return model


def hash_weights(model: keras.Model) -> str:
    """Return the SHA-256 of a model's weight arrays, independent of any file format.

    Parameters
    ----------
    model : keras.Model
        Its weights are hashed in order, each with its shape, as float32.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(str(weight.shape).encode())
        digest.update(np.ascontiguousarray(weight, np.float32).tobytes())
    return digest.hexdigest()


def _build(spec: BackboneSpec) -> keras.Model:
    """Build a network of `keras.applications` whose input is rescaled from -1 to 1."""
    shape = (spec.input_size_px, spec.input_size_px, 3)
    keywords = {} if spec.alpha is None else {"alpha": spec.alpha}
    build_application = getattr(keras.applications, spec.application)
    application = build_application(
        include_top=False,
        weights=None,
        input_shape=shape,
        pooling="avg",
        **keywords,
    )
    inputs = keras.Input(shape, name="pixels")
    pixels = inputs
    if spec.pixel_range != "-1 to 1":
        pixels = keras.layers.Rescaling(127.5, 127.5)(pixels)
    if spec.pixel_range == "caffe":
        pixels = keras.applications.resnet.preprocess_input(pixels)
    return keras.Model(inputs, application(pixels))


def _load_shipped(spec: BackboneSpec, path: Path) -> keras.Model:
    """Build a network that ships with the program; its weights are in its LiteRT file."""
    model = BUILDERS[spec.name]()
    weights = read_weights(path.read_bytes())
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([weights[layer.name, part] for part in ("kernel", "bias")])
    return model


def _build_random(spec: BackboneSpec) -> keras.Model:
    """Build the untrained network that the tests use, with seeded weights."""
    size = spec.input_size_px
    initial = [keras.initializers.HeNormal(seed) for seed in range(2)]
    inputs = keras.Input((size, size, 3), name="pixels")
    kernel = {"strides": 2, "padding": "same", "activation": "relu"}
    hidden = keras.layers.Conv2D(16, 3, kernel_initializer=initial[0], **kernel)(inputs)
    hidden = keras.layers.Conv2D(
        spec.n_features, 2, kernel_initializer=initial[1], use_bias=False, **kernel
    )(hidden)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(hidden))


def _download(spec: BackboneSpec, model_dir: Path, on_download: ByteProgress) -> Path:
    _logger.info("Downloading the weights of %s (%.0f MB)", spec.name, spec.download_mb)
    problem: Exception
    try:
        return download_weights(spec, model_dir, on_download)
    except DownloadError as error:
        problem, reason = error, str(error)
    except OSError as error:
        problem, reason = error, f"the folder cannot be written to: {error.strerror or error}"
    own_name, keras_name = list_weights_files(spec)
    raise BackboneError(
        f"The weights of {spec.name} are not in {model_dir} and could not be downloaded "
        f"({reason}): put {keras_name} from {spec.weights_url}, or your own {own_name}, into that "
        "folder.",
        name=spec.name,
    ) from problem


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:200]
