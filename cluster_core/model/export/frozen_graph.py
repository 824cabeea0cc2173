"""Export a model as a frozen graph or SavedModel. Importing this module loads TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from cluster_core.model.backbones.converted import GRAPH_INPUT, GRAPH_OUTPUT, ConvertedBackbone
from cluster_core.model.features.views import PLAIN_VIEWS, View
from cluster_core.model.head.head import Head
from cluster_core.storage.drafts import replacing

LABELS_FILE = "labels.txt"


def build_graph(
    backbone: ConvertedBackbone,
    head: Head,
    *,
    final_tensor_name: str = "final_result",
    views: tuple[View, ...] = PLAIN_VIEWS,
) -> tf.compat.v1.GraphDef:
    """Join backbone and head into one graph that gives the same answers as `predict`.

    Parameters
    ----------
    backbone : ConvertedBackbone
        Its frozen graph is included unchanged.
    head : Head
        Its weights and bias, divided by the temperature, become two constants.
    final_tensor_name : str
        Name of the output: scores, float32 (n_pictures, n_labels).
    views : tuple of View
        `PLAIN_VIEWS` or `SKY_VIEWS`; the scores of the views are averaged.

    Returns
    -------
    GraphDef
        Its input, named `input` or for Inception `Mul`, is RGB, float32
        (n_pictures, size, size, 3) from -1 to 1. The range is the same for all backbones,
        so TensorFlow 1 programs need only one mean and one standard deviation.

    Raises
    ------
    BackboneError
        If the frozen graph of the backbone is missing or was altered.
    """
    size, n_features = backbone.spec.input_size_px, backbone.spec.n_features
    with tf.Graph().as_default() as graph:
        pixels = tf.compat.v1.placeholder(
            tf.float32, (None, size, size, 3), name=backbone.spec.graph_input
        )
        with tf.name_scope("views"):
            seen = pixels if views == PLAIN_VIEWS else _stack_views(pixels, len(views))
        tf.identity(seen, name=GRAPH_INPUT)
        features = tf.compat.v1.placeholder(tf.float32, (None, n_features), name=GRAPH_OUTPUT)
        with tf.name_scope("head"):
            weights = tf.constant(head.weights / np.float32(head.temperature), name="weights")
            bias = tf.constant(head.bias / np.float32(head.temperature), name="bias")
            logits = tf.matmul(features, weights) + bias
        if views == PLAIN_VIEWS:
            tf.nn.softmax(logits, name=final_tensor_name)
        else:
            with tf.name_scope("views/"):
                by_view = tf.reshape(tf.nn.softmax(logits), (len(views), -1, head.bias.size))
            tf.reduce_mean(by_view, axis=0, name=final_tensor_name)
    return _join(tf.compat.v1.GraphDef.FromString(backbone.read_graph()), graph.as_graph_def())


def _join(backbone: tf.compat.v1.GraphDef, around: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """Insert a backbone between the nodes that have the names of its input and its output.

    Importing the graph would recreate each of its nodes, which takes longer than the rest
    of an export.
    """
    outer = [node for node in around.node if node.name != GRAPH_OUTPUT]
    inner = [node for node in backbone.node if node.name != GRAPH_INPUT]
    return tf.compat.v1.GraphDef(
        node=outer + inner, versions=around.versions, library=backbone.library
    )


def _stack_views(pixels: tf.Tensor, n_views: int) -> tf.Tensor:
    """Stack the symmetries of pictures: float32, (n_views * n_pictures, size, size, 3)."""
    upright = tf.transpose(pixels, (0, 2, 1, 3))
    turned = [tensor for base in (pixels, upright) for tensor in _mirror_both_ways(base)]
    return tf.concat(turned[:n_views], axis=0)


def _mirror_both_ways(pixels: tf.Tensor) -> list[tf.Tensor]:
    return [pixels] + [tf.reverse(pixels, axes) for axes in ([1], [2], [1, 2])]


def save_graph(graph: tf.compat.v1.GraphDef, path: Path) -> None:
    """Write a graph as a .pb file; raise OSError if that fails."""
    with replacing(path) as draft:
        draft.write_bytes(graph.SerializeToString())


def save_labels(labels: tuple[str, ...], path: Path) -> None:
    """Write the labels as UTF-8 text, one per line; raise OSError if that fails."""
    with replacing(path) as draft:
        draft.write_text("".join(f"{label}\n" for label in labels), "utf-8")


def save_saved_model(
    graph: tf.compat.v1.GraphDef,
    labels: tuple[str, ...],
    folder: Path,
    *,
    graph_input: str,
    final_tensor_name: str = "final_result",
) -> None:
    """Write a graph as a SavedModel for TensorFlow Serving.

    Its signature `serving_default` maps `image` to `prediction`. The labels are in
    `labels.txt` in the same folder.

    Parameters
    ----------
    graph : GraphDef
        From `build_graph`.
    labels : tuple of str
        The classes, in the order of the scores.
    folder : Path
        Folder to write; an existing one is replaced.
    graph_input, final_tensor_name : str
        Names of the input and the output of the graph.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    run = tf.compat.v1.wrap_function(
        lambda: tf.graph_util.import_graph_def(graph, name=""), []
    ).prune(f"{graph_input}:0", f"{final_tensor_name}:0")
    shape = tf.TensorSpec(run.inputs[0].shape, tf.float32, name="image")
    serve = tf.function(lambda image: {"prediction": run(image)}, input_signature=[shape])
    module = tf.Module()
    module.run = run
    with replacing(folder) as draft:
        tf.saved_model.save(module, str(draft), signatures=serve)
        save_labels(labels, draft / LABELS_FILE)
