"""The peer: transfer learning as in the Keras guide, with a frozen network inside the model.

https://keras.io/guides/transfer_learning/ , without its random flips and rotations, which
would slow it down.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

EPOCHS = 10
BATCH_SIZE = 32
DROPOUT = 0.2


def measure(
    weights: str, alpha: float, size_px: int, sides: list[list[tuple[str, int]]]
) -> dict[str, Any]:
    """Train for ten epochs and test.

    Parameters
    ----------
    weights : str
        File of the pretrained weights.
    alpha : float
        Width multiplier of MobileNet.
    size_px : int
        Side of its input.
    sides : list of list of (str, int)
        Path and class of the training, validation and test pictures of our split.

    Returns
    -------
    dict
        `seconds`; `right`, the number of correctly labelled test pictures; and `n`, the number
        of test pictures.
    """
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(0)
    start_s = time.perf_counter()

    def read(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
        return tf.image.resize(pixels, (size_px, size_px)), label

    def dataset(side: list[tuple[str, int]]) -> tf.data.Dataset:
        paths, labels = zip(*side, strict=True)
        pictures = tf.data.Dataset.from_tensor_slices((list(paths), list(labels)))
        pictures = pictures.map(read, num_parallel_calls=tf.data.AUTOTUNE)
        return pictures.cache().batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)

    training, validation, testing = map(dataset, sides)
    base = keras.applications.MobileNet(
        input_shape=(size_px, size_px, 3), alpha=alpha, include_top=False, weights=None
    )
    base.load_weights(weights)
    base.trainable = False
    inputs = keras.Input((size_px, size_px, 3))
    hidden = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    hidden = base(hidden, training=False)
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    hidden = keras.layers.Dropout(DROPOUT)(hidden)
    n_labels = 1 + max(label for side in sides for _, label in side)
    model = keras.Model(inputs, keras.layers.Dense(n_labels)(hidden))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
    model.fit(training, epochs=EPOCHS, validation_data=validation, verbose=0)
    accuracy = model.evaluate(testing, verbose=0)[1]
    seconds = time.perf_counter() - start_s
    n = len(sides[2])
    return {"seconds": seconds, "right": round(accuracy * n), "n": n}


def find_weights_file(folder: Path, name: str) -> Path:
    """Return the file of pretrained weights that both contenders load.

    Raises
    ------
    SystemExit
        If the folder does not have it.
    """
    from cluster_core.model.backbones.registry import get_backbone
    from cluster_core.model.backbones.weights import find_weights

    found = find_weights(get_backbone(name), folder)
    if found is None:
        raise SystemExit(
            f"{folder} has no weights of {name}: set --model_dir to the folder that has them."
        )
    return found
