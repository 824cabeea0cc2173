"""Convert a backbone to LiteRT and to a frozen graph. Importing this module loads TensorFlow.

`python -m cluster_core.model.backbones.conversion` converts in a separate process, for
programs that must not load TensorFlow themselves.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import filelock
import keras
import numpy as np
import tensorflow as tf
from tensorflow.lite.python.convert_phase import ConverterError
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from cluster_core.errors import BackboneError, ClusterError
from cluster_core.model.backbones.converted import GRAPH_OUTPUT, ConvertedBackbone, find_ready
from cluster_core.model.backbones.keras import hash_weights, load_backbone, obtain_weights
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.weights import find_weights
from cluster_core.model.backbones.weights_download import ByteProgress, ignore_progress
from cluster_core.storage.drafts import replacing
from cluster_core.storage.hashing import hash_file

_logger = logging.getLogger(__name__)

# Largest accepted difference between the features of LiteRT and Keras, over the largest feature.
MAX_RELATIVE_ERROR = 1e-4
N_TRIAL_PICTURES = 4
LOCK_NAME = ".converting.lock"
_MAX_REFUSAL_CHARACTERS = 300


@dataclass(frozen=True)
class _LiteRTOutcome:
    """What LiteRT makes of a network: a file and its error, or the reason why there is none."""

    content: bytes = b""
    relative_error: float | None = None
    refusal: str = ""


def prepare_backbone(
    spec: BackboneSpec,
    model_dir: Path,
    backbones_dir: Path,
    *,
    any_weights: bool = False,
    on_download: ByteProgress = ignore_progress,
) -> ConvertedBackbone:
    """Return a converted backbone; download and convert it first if necessary.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    model_dir : Path
        Folder of weights files; missing weights are downloaded into it.
    backbones_dir : Path
        Folder of converted backbones; created if necessary.
    any_weights : bool
        If `model_dir` has no weights, accept the newest conversion whatever its weights.
    on_download : callable, optional
        See `download_weights`.

    Returns
    -------
    ConvertedBackbone

    Raises
    ------
    BackboneError
        If the weights are damaged, or are missing and cannot be downloaded, or if memory ran out.
    """
    ready = find_ready(spec, model_dir, backbones_dir, any_weights=any_weights)
    if ready and not _is_worth_another_try(ready, model_dir):
        return ready
    backbones_dir.mkdir(parents=True, exist_ok=True)
    # Two concurrent conversions could leave the files of one with the record of the other.
    with filelock.FileLock(backbones_dir / LOCK_NAME):
        ready = find_ready(spec, model_dir, backbones_dir, any_weights=any_weights)
        if ready and not _is_worth_another_try(ready, model_dir):
            return ready
        try:
            weights = obtain_weights(spec, model_dir, on_download)
            return convert_backbone(spec, weights, backbones_dir)
        except BackboneError as error:
            if ready is None:
                raise
            _logger.warning("TensorFlow runs %s this time: %s", spec.name, error)
            return ready


def _is_worth_another_try(ready: ConvertedBackbone, model_dir: Path) -> bool:
    """Whether a conversion without a verdict of LiteRT can be repeated without a download."""
    has_weights = not ready.spec.weights_file or find_weights(ready.spec, model_dir) is not None
    return not ready.has_verdict and has_weights


def convert_backbone(
    spec: BackboneSpec, weights_path: Path | None, backbones_dir: Path
) -> ConvertedBackbone:
    """Write a backbone's LiteRT file, frozen graph and record.

    A network that LiteRT refuses to convert, or whose LiteRT features differ from those of
    Keras by more than `MAX_RELATIVE_ERROR`, is recorded as one that TensorFlow must run. Nothing
    is recorded after any other failure.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    weights_path : Path or None
        Its weights; None for a network that needs none.
    backbones_dir : Path
        An existing folder, to write into.

    Returns
    -------
    ConvertedBackbone

    Raises
    ------
    BackboneError
        If the file does not contain this network's weights, or memory ran out.
    """
    _logger.info("Converting %s for this machine (once)", spec.name)
    with _explaining_shortages(spec):
        model = load_backbone(spec, weights_path)
        graph = freeze(model).SerializeToString()
        litert = _convert_to_litert(model)
    converted = ConvertedBackbone(
        name=spec.name,
        weights_sha256=hash_weights(model),
        weights_file_sha256=hash_file(weights_path) if weights_path else "",
        litert_sha256=hashlib.sha256(litert.content).hexdigest() if litert.content else "",
        graph_sha256=hashlib.sha256(graph).hexdigest(),
        relative_error=litert.relative_error,
        litert_refusal=litert.refusal,
        folder=backbones_dir,
    )
    with replacing(converted.graph_path) as draft:
        draft.write_bytes(graph)
    if litert.content:
        with replacing(converted.litert_path) as draft:
            draft.write_bytes(litert.content)
    converted.save_record()
    return converted


def freeze(model: keras.Model) -> tf.compat.v1.GraphDef:
    """Convert a model to a graph without variables.

    Parameters
    ----------
    model : keras.Model
        Maps float32 pictures, (batch, size, size, 3), to features.

    Returns
    -------
    GraphDef
        Its input is named `backbone/pixels`, its output `backbone/features`:
        float32, (batch, n_features).
    """
    frozen = convert_variables_to_constants_v2(_trace(model))
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen.graph.as_graph_def(), name="backbone")
    return _remove_unused_nodes(graph.as_graph_def(), GRAPH_OUTPUT)


def _trace(model: keras.Model) -> Any:
    """Return a model as a concrete function of any number of pictures."""

    @tf.function
    def run(pixels: tf.Tensor) -> tf.Tensor:
        return tf.identity(model(pixels, training=False), name="features")

    pictures = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")
    return run.get_concrete_function(pictures)


def _remove_unused_nodes(graph: tf.compat.v1.GraphDef, output: str) -> tf.compat.v1.GraphDef:
    """Remove the nodes that an output does not depend on, so that it is the only output."""
    inputs_of = {
        node.name: [name.split(":")[0].lstrip("^") for name in node.input] for node in graph.node
    }
    needed: set[str] = set()
    pending = [output]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += inputs_of[name]
    kept = [node for node in graph.node if node.name in needed]
    # The convolutions of ConvNeXt are functions, so the library has to be kept.
    return tf.compat.v1.GraphDef(node=kept, versions=graph.versions, library=graph.library)


def _convert_to_litert(model: keras.Model) -> _LiteRTOutcome:
    """Convert a model to LiteRT and compare its features with those of Keras.

    Raises
    ------
    MemoryError, OSError, tf.errors.ResourceExhaustedError
        The conversion failed for a reason that is not the network's.
    """
    converter = tf.lite.TFLiteConverter.from_concrete_functions([_trace(model)], model)
    # Otherwise it passes the network on through a temporary folder, which may be full.
    converter.experimental_lower_to_saved_model = False
    try:
        content = converter.convert()
    except ConverterError as error:
        # The converter turns every exception into its own, also those that are no verdict.
        if isinstance(error.__context__, MemoryError | OSError):
            raise error.__context__ from None
        _logger.warning("LiteRT cannot convert this network, so TensorFlow runs it: %s", error)
        return _LiteRTOutcome(refusal=f"cannot be converted: {error}"[:_MAX_REFUSAL_CHARACTERS])
    relative_error = _measure_relative_error(content, model)
    if not relative_error <= MAX_RELATIVE_ERROR:
        refusal = f"features differ from Keras' by {relative_error:.1e}"
        _logger.warning("LiteRT's %s, so TensorFlow runs it", refusal)
        return _LiteRTOutcome(refusal=refusal)
    return _LiteRTOutcome(content, relative_error)


def _measure_relative_error(content: bytes, model: keras.Model) -> float:
    """Return the largest difference of features on random pictures, over the largest feature."""
    random = np.random.default_rng(0)
    shape = (N_TRIAL_PICTURES, *model.input_shape[1:])
    pictures = random.integers(0, 256, shape, dtype=np.uint8)
    expected = np.asarray(model(to_unit_range(pictures), training=False))
    found = LiteRTExtractor(content).extract(list(pictures))
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@contextmanager
def _explaining_shortages(spec: BackboneSpec) -> Iterator[None]:
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise BackboneError(
            f"Memory ran out while {spec.name} was converted for this computer: close other "
            "programs or choose a smaller network, then try again.",
            name=spec.name,
        ) from error
    except OSError as error:
        raise BackboneError(
            f"{spec.name} could not be converted for this computer, because "
            f"{error.filename or 'a file'} could not be read or written "
            f"({error.strerror or error}): make sure that the disk has room, then try again.",
            name=spec.name,
        ) from error


@click.command(help="Download and convert a network so that it is ready to run.")
@click.argument("architecture")
@click.option("--model_dir", type=click.Path(path_type=Path), required=True)
@click.option("--backbones_dir", type=click.Path(path_type=Path), required=True)
def main(architecture: str, model_dir: Path, backbones_dir: Path) -> None:
    """Prepare one backbone; an error is one line on standard error, and exit code 1."""
    try:
        prepare_backbone(get_backbone(architecture), model_dir, backbones_dir)
    except (ClusterError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
