"""The backbone `sky`: a small residual network that has seen only a simulated sky."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

INPUT_SIZE_PX = 128
STEM_WIDTH = 24
WIDTHS = (48, 96, 192)
FEATURES = 256


def build_sky_model() -> keras.Model:
    """Build the architecture, with weights not yet set.

    Returns
    -------
    keras.Model
        From pictures (n, 128, 128, 3) in -1 to 1 to pooled features (n, 256). Plain 3x3
        convolutions with the batch norms of training folded into their biases.
    """
    import keras

    pictures = keras.Input((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), name="pictures")
    x = _convolve(pictures, STEM_WIDTH, "stem", stride=2, activation="relu")
    x = _convolve(x, STEM_WIDTH, "fine", activation="relu")
    for stage, width in enumerate(WIDTHS, start=1):
        around = _convolve(x, width, f"stage{stage}_a_around", kernel=1, stride=2)
        x = _add_block(x, around, width, f"stage{stage}_a", stride=2)
        x = _add_block(x, x, width, f"stage{stage}_b")
    x = _convolve(x, FEATURES, "widen", kernel=1, activation="relu")
    features = keras.layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(pictures, features, name="sky")


def _add_block(
    x: keras.KerasTensor, around: keras.KerasTensor, width: int, name: str, stride: int = 1
) -> keras.KerasTensor:
    import keras

    inner = _convolve(x, width, f"{name}_first", stride=stride, activation="relu")
    inner = _convolve(inner, width, f"{name}_second")
    total = keras.layers.Add(name=f"{name}_add")([inner, around])
    return keras.layers.ReLU(name=name)(total)


def _convolve(
    x: keras.KerasTensor,
    width: int,
    name: str,
    *,
    kernel: int = 3,
    stride: int = 1,
    activation: str | None = None,
) -> keras.KerasTensor:
    import keras

    return keras.layers.Conv2D(
        width, kernel, stride, padding="same", activation=activation, name=name
    )(x)


def load_sky_weights(model: keras.Model, path: Path) -> None:
    """Set the weights of `build_sky_model` from a file of plain arrays.

    Parameters
    ----------
    model : keras.Model
        As built by `build_sky_model`.
    path : Path
        An .npz file with `<layer>/kernel` (height, width, inputs, outputs) and
        `<layer>/bias` (outputs,) for every convolution, in half or single precision.
    """
    with np.load(path, allow_pickle=False) as arrays:
        for layer in model.layers:
            if layer.weights:
                parts = [arrays[f"{layer.name}/{part}"] for part in ("kernel", "bias")]
                layer.set_weights([part.astype(np.float32) for part in parts])
