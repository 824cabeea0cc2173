"""The backbone `everyday`: EfficientNet-Lite0, trained on the photographs of ImageNet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

INPUT_SIZE_PX = 224
STEM_WIDTH = 32
FEATURES = 1280
# The network was trained on pixels from 0 to 255, minus 127, divided by 128.
RESCALING = (127.5 / 128, 0.5 / 128)


@dataclass(frozen=True)
class Stage:
    """A row of blocks of one width; only the first block has the stride.

    Attributes
    ----------
    blocks : int
        Number of blocks.
    kernel, stride : int
        Side and stride of the depthwise convolutions, in pixels.
    expansion : int
        By how much each block widens its input before the depthwise convolution.
    width : int
        Number of output channels.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    width: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def build_everyday_model() -> keras.Model:
    """Build the network, with weights that are still to be loaded.

    It consists of inverted residual blocks without squeeze and excitation, with ReLU6; the
    batch normalisation of its training is folded into kernels and biases.

    Returns
    -------
    keras.Model
        Maps RGB pictures, float32 (n, 224, 224, 3) from -1 to 1, to pooled features,
        float32 (n, 1280).

    References
    ----------
    .. [1] Tan, M. & Le, Q. V. 2019, "EfficientNet: rethinking model scaling for convolutional
       neural networks", ICML.
    .. [2] Liu, R. 2020, "Higher accuracy on vision models with EfficientNet-Lite", TensorFlow
       blog.
    """
    import keras

    pictures = keras.Input((INPUT_SIZE_PX, INPUT_SIZE_PX, 3), name="pictures")
    x = keras.layers.Rescaling(*RESCALING, name="rescale")(pictures)
    x = _convolve(x, STEM_WIDTH, "stem", kernel=3, stride=2)
    number = 0
    for stage in STAGES:
        for repeat in range(stage.blocks):
            stride = stage.stride if repeat == 0 else 1
            x = _add_block(x, stage, stride, f"block{number:02}")
            number += 1
    x = _convolve(x, FEATURES, "widen")
    features = keras.layers.GlobalAveragePooling2D(name="features")(x)
    return keras.Model(pictures, features, name="everyday")


def _add_block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    import keras

    inner, width = x, x.shape[-1]
    if stage.expansion > 1:
        inner = _convolve(inner, width * stage.expansion, f"{name}_expand")
    inner = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", activation="relu6", name=f"{name}_depthwise"
    )(inner)
    inner = _convolve(inner, stage.width, f"{name}_project", activation=None)
    if stride == 1 and width == stage.width:
        return keras.layers.Add(name=f"{name}_add")([inner, x])
    return inner


def _convolve(  # noqa: PLR0913 (the options of one Keras layer)
    x: keras.KerasTensor,
    width: int,
    name: str,
    *,
    kernel: int = 1,
    stride: int = 1,
    activation: str | None = "relu6",
) -> keras.KerasTensor:
    import keras

    return keras.layers.Conv2D(
        width, kernel, stride, padding="same", activation=activation, name=name
    )(x)
