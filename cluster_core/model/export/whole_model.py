"""Build a model as one Keras model, from raw pixels to scores. Importing this loads TensorFlow."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from cluster_core.model.backbones.preprocessing import HALF_RANGE
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.resizing import resize
from cluster_core.model.head.head import Head
from cluster_core.model.novelty import NoveltyDetector

IMAGE, SCORES, NOVELTY = "image", "scores", "novelty"
_TINY = 1e-9
_MIN_SQUARED_DISTANCE = 1e-12


def build_whole_model(bundle: ModelBundle, backbone: keras.Model) -> keras.Model:
    """Return a model that takes raw pixels of any size.

    It consists of layers and operations of Keras only, so that a file of it loads without
    code of this program.

    Parameters
    ----------
    bundle : ModelBundle
        The trained model.
    backbone : keras.Model
        Its network: float32 (n, size, size, 3) from -1 to 1 in, features (n, n_features) out.

    Returns
    -------
    keras.Model
        Its input is RGB, float32 or uint8 (n, height, width, 3) from 0 to 255. Its outputs are
        `scores`, float32 (n, n_labels), and, if the model measures it, `novelty`, float32 (n,).
    """
    pixels = keras.Input((None, None, 3), name=IMAGE)
    resized = resize(pixels, bundle.preprocessing.size_px)
    return keras.Model(pixels, _answer(bundle, backbone, resized, _apply_head), name="cluster_lab")


def build_resized_model(
    bundle: ModelBundle, backbone: keras.Model, *, in_halves: bool = False
) -> keras.Model:
    """Return a model that takes one picture of the network's own size, and gives scores only.

    Parameters
    ----------
    bundle : ModelBundle
        The trained model.
    backbone : keras.Model
        Its network, as in `build_whole_model`.
    in_halves : bool
        Whether the weights will be saved in half precision: the head gets a second layer then,
        with what halves lose of the first.

    Returns
    -------
    keras.Model
        Its input is RGB, uint8 (1, size, size, 3), resized by Pillow's bilinear filter; its output
        is float32 (1, n_labels).
    """
    size = bundle.preprocessing.size_px
    pixels = keras.Input((size, size, 3), batch_size=1, dtype="uint8", name=IMAGE)
    apply_head = _apply_head_in_halves if in_halves else _apply_head
    answer = _answer(bundle, backbone, keras.ops.cast(pixels, "float32"), apply_head)
    return keras.Model(pixels, answer[SCORES], name="cluster_lab")


def _answer(
    bundle: ModelBundle,
    backbone: keras.Model,
    resized: keras.KerasTensor,
    apply_head: Callable[[Head, keras.KerasTensor], keras.KerasTensor],
) -> dict[str, keras.KerasTensor]:
    in_range = resized / float(HALF_RANGE) - 1.0
    n_views = len(bundle.view_list)
    features = backbone(_stack_views(in_range) if n_views > 1 else in_range)
    scores = keras.layers.Softmax(name="softmax")(apply_head(bundle.head, features))
    by_view = keras.ops.reshape(scores, (n_views, -1, len(bundle.labels)))
    answer = {SCORES: keras.ops.mean(by_view, axis=0)}
    if bundle.novelty is not None:
        n_features = bundle.head.weights.shape[0]
        mean = keras.ops.mean(keras.ops.reshape(features, (n_views, -1, n_features)), axis=0)
        answer[NOVELTY] = _measure_novelty(bundle.novelty, mean)
    return answer


def _apply_head(head: Head, features: keras.KerasTensor) -> keras.KerasTensor:
    layer = keras.layers.Dense(head.bias.size, name="head")
    logits = layer(features)
    temperature = np.float32(head.temperature)
    layer.set_weights([head.weights / temperature, head.bias / temperature])
    return logits


def _apply_head_in_halves(head: Head, features: keras.KerasTensor) -> keras.KerasTensor:
    temperature = np.float32(head.temperature)
    weights, bias = head.weights / temperature, head.bias / temperature
    rough = [array.astype(np.float16).astype(np.float32) for array in (weights, bias)]
    layers = [keras.layers.Dense(head.bias.size, name=name) for name in ("head", "head_rest")]
    logits = layers[0](features) + layers[1](features)
    layers[0].set_weights(rough)
    layers[1].set_weights([weights - rough[0], bias - rough[1]])
    return logits


def _stack_views(pixels: keras.KerasTensor) -> keras.KerasTensor:
    """Stack the eight symmetries of pictures: (8 * n, size, size, 3)."""
    bases = (pixels, keras.ops.transpose(pixels, (0, 2, 1, 3)))
    views = [
        keras.ops.flip(base, axes) if axes else base
        for base in bases
        for axes in (None, 1, 2, (1, 2))
    ]
    return keras.ops.concatenate(views, axis=0)


def _measure_novelty(detector: NoveltyDetector, features: keras.KerasTensor) -> keras.KerasTensor:
    """Measure novelty as `NoveltyDetector` does: (n,)."""
    ops = keras.ops
    lengths = ops.sqrt(ops.sum(ops.square(features), axis=1, keepdims=True)) + _TINY
    points = features / lengths
    squares = [
        _measure_squared(points - mean, detector.shapes.axes) for mean in detector.shapes.means
    ]
    nearest = squares[0]
    for square in squares[1:]:
        nearest = ops.minimum(nearest, square)
    squared = ops.maximum(nearest / detector.shapes.unit, _MIN_SQUARED_DISTANCE)
    odds = ops.matmul(features, detector.log_odds[:-1, np.newaxis])[:, 0] + detector.log_odds[-1]
    return ops.sigmoid(detector.distance_weight * ops.log(squared) + odds - detector.offset)


def _measure_squared(deviation: keras.KerasTensor, axes: np.ndarray) -> keras.KerasTensor:
    ops = keras.ops
    along = ops.matmul(deviation, axes.T)
    squared = ops.sum(ops.square(deviation), axis=1) - ops.sum(ops.square(along), axis=1)
    return ops.maximum(squared, 0.0)
