"""Convert a backbone once for LiteRT and for frozen graphs. Importing this loads TensorFlow.

`python -m cluster_core.model.backbones.conversion` does it in a process of its own, for
programs that must stay free of TensorFlow.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from pathlib import Path

import click
import filelock
import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import (
    convert_variables_to_constants_v2,
)

from cluster_core.errors import ClusterError
from cluster_core.model.backbones.converted import GRAPH_OUTPUT, ConvertedBackbone, find_ready
from cluster_core.model.backbones.keras import hash_weights, load_backbone, obtain_weights
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.storage.file_hashes import hash_file
from cluster_core.workspace import replacing

_logger = logging.getLogger(__name__)

MAX_RELATIVE_ERROR = 1e-4
N_TRIAL_PICTURES = 4
LOCK = ".converting.lock"


def prepare_backbone(
    spec: BackboneSpec, model_dir: Path, backbones_dir: Path, *, any_weights: bool = False
) -> ConvertedBackbone:
    """Return a backbone ready to run; download and convert it where that is due.

    Parameters
    ----------
    spec : BackboneSpec
        Which one.
    model_dir : Path
        Where its weights are looked for, and downloaded to.
    backbones_dir : Path
        Where conversions are kept.
    any_weights : bool
        Where `model_dir` has no weights, take those of the newest conversion.

    Raises
    ------
    BackboneError
        Its weights are damaged, or neither at hand nor to be had.
    """
    ready = find_ready(spec, model_dir, backbones_dir, any_weights=any_weights)
    if ready:
        return ready
    backbones_dir.mkdir(parents=True, exist_ok=True)
    # Two processes that convert at once would leave a file of one and the record of the other.
    with filelock.FileLock(backbones_dir / LOCK):
        ready = find_ready(spec, model_dir, backbones_dir, any_weights=any_weights)
        return ready or convert_backbone(spec, obtain_weights(spec, model_dir), backbones_dir)


def convert_backbone(
    spec: BackboneSpec, weights_path: Path | None, backbones_dir: Path
) -> ConvertedBackbone:
    """Write a backbone's LiteRT file and frozen graph, and check one against Keras.

    A network that LiteRT will not take, or whose features differ from Keras' by
    more than 1e-4 of the largest, is recorded as one that TensorFlow must run.
    """
    _logger.info("Converting %s for this machine (once)", spec.name)
    model = load_backbone(spec, weights_path)
    graph = freeze(model).SerializeToString()
    litert, relative_error = _convert_to_litert(model)
    converted = ConvertedBackbone(
        name=spec.name,
        weights_sha256=hash_weights(model),
        weights_file_sha256=hash_file(weights_path) if weights_path else "",
        litert_sha256=hashlib.sha256(litert).hexdigest() if litert else "",
        graph_sha256=hashlib.sha256(graph).hexdigest(),
        relative_error=relative_error,
        folder=backbones_dir,
    )
    with replacing(converted.graph_path) as draft:
        draft.write_bytes(graph)
    if litert:
        with replacing(converted.litert_path) as draft:
            draft.write_bytes(litert)
    converted.save_record()
    return converted


def freeze(model: keras.Model) -> tf.compat.v1.GraphDef:
    """Return a model as a graph of constants, from `backbone/pixels` to `backbone/features`."""

    @tf.function
    def run(pixels: tf.Tensor) -> tf.Tensor:
        return tf.identity(model(pixels, training=False), name="features")

    pictures = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name="pixels")
    frozen = convert_variables_to_constants_v2(run.get_concrete_function(pictures))
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen.graph.as_graph_def(), name="backbone")
    return _keep_needed(graph.as_graph_def(), GRAPH_OUTPUT)


def _keep_needed(graph: tf.compat.v1.GraphDef, output: str) -> tf.compat.v1.GraphDef:
    """Leave out what an output does not need, so that it is the graph's only loose end."""
    reads = {
        node.name: [name.split(":")[0].lstrip("^") for name in node.input] for node in graph.node
    }
    needed: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += reads[name]
    kept = [node for node in graph.node if node.name in needed]
    # ConvNeXt's convolutions are functions, which lie in the library.
    return tf.compat.v1.GraphDef(node=kept, versions=graph.versions, library=graph.library)


def _convert_to_litert(model: keras.Model) -> tuple[bytes, float | None]:
    """Return the LiteRT file and its largest relative error; an empty file if it will not do."""
    try:
        # Keras prints what it saved on standard output, which is for results.
        with contextlib.redirect_stdout(io.StringIO()):
            content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    except Exception as error:  # the converter raises whatever its passes raise
        _logger.warning("LiteRT does not take this network, TensorFlow will run it: %s", error)
        return b"", None
    random = np.random.default_rng(0)
    shape = (N_TRIAL_PICTURES, *model.input_shape[1:])
    pictures = random.integers(0, 256, shape, dtype=np.uint8)
    expected = np.asarray(model(to_unit_range(pictures), training=False))
    found = LiteRTExtractor(content).extract(list(pictures))
    relative_error = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not relative_error <= MAX_RELATIVE_ERROR:
        _logger.warning(
            "LiteRT's features differ from Keras' by %.1e, TensorFlow will run it", relative_error
        )
        return b"", None
    return content, relative_error


@click.command(help="Download and convert a backbone, so that it is ready to run.")
@click.argument("architecture")
@click.option("--model_dir", type=click.Path(path_type=Path), required=True)
@click.option("--backbones_dir", type=click.Path(path_type=Path), required=True)
def main(architecture: str, model_dir: Path, backbones_dir: Path) -> None:
    """Run as a program; a ClusterError becomes one line on standard error."""
    try:
        prepare_backbone(get_backbone(architecture), model_dir, backbones_dir)
    except ClusterError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
