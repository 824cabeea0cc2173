"""The backbone `sky`: a small residual network trained on a simulated sky only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

INPUT_SIZE_PX = 128
STEM_WIDTH = 24
WIDTHS = (48, 96, 192)
FEATURES = 256


def build_sky_model() -> keras.Model:
    """Build the network, with weights that are still to be loaded.

    It consists of plain 3x3 convolutions; the batch normalisation of its training is
    folded into their kernels and biases.

    Returns
    -------
    keras.Model
        Maps RGB pictures, float32 (n, 128, 128, 3) from -1 to 1, to pooled features,
        float32 (n, 256).

    References
    ----------
    .. [1] He, K. et al. 2016, "Deep residual learning for image recognition", CVPR.
    """
    import keras

    pictures = keras.Input((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), name="pictures")
    x = _convolve(pictures, STEM_WIDTH, "stem", stride=2, activation="relu")
    x = _convolve(x, STEM_WIDTH, "fine", activation="relu")
    for stage, width in enumerate(WIDTHS, start=1):
        shortcut = _convolve(x, width, f"stage{stage}_a_around", kernel=1, stride=2)
        x = _add_block(x, shortcut, width, f"stage{stage}_a", stride=2)
        x = _add_block(x, x, width, f"stage{stage}_b")
    x = _convolve(x, FEATURES, "widen", kernel=1, activation="relu")
    features = keras.layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(pictures, features, name="sky")


def _add_block(
    x: keras.KerasTensor, shortcut: keras.KerasTensor, width: int, name: str, stride: int = 1
) -> keras.KerasTensor:
    import keras

    inner = _convolve(x, width, f"{name}_first", stride=stride, activation="relu")
    inner = _convolve(inner, width, f"{name}_second")
    total = keras.layers.Add(name=f"{name}_add")([inner, shortcut])
    return keras.layers.ReLU(name=name)(total)


def _convolve(  # noqa: PLR0913 (the options of one Keras layer)
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
