"""Registry of the pretrained networks, by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from os.path import commonprefix
from types import MappingProxyType

from cluster_core.errors import BackboneError

KERAS_APPLICATIONS = "https://storage.googleapis.com/tensorflow/keras-applications"
BYTES_PER_PARAMETER = 4


@dataclass(frozen=True)
class BackboneSpec:
    """A network without its last layer; its pooled output is the bottleneck.

    Attributes
    ----------
    name : str
        Name, as passed to `--architecture`.
    application : str
        Function of `keras.applications` that builds it; the name of a network that is built
        here: one that ships with the program, or the tiny untrained `random` of the tests.
    input_size_px : int
        Side of the square input picture in pixels.
    n_features : int
        Number of bottleneck features.
    n_parameters : int
        Number of parameters, without the last layer.
    pixel_range : {"-1 to 1", "0 to 255", "caffe"}
        Input range of the Keras network. `caffe` is BGR minus the ImageNet mean.
    weights_file : str
        File name of its ImageNet weights at Keras; empty if there is nothing to download.
    weights_folder : str
        Folder of that file below `KERAS_APPLICATIONS`.
    weights_hash : str or None
        MD5 or SHA-256 that Keras publishes for the file; None for MobileNets, which
        have none.
    alpha : float or None
        Width multiplier of a MobileNet.
    graph_input : str
        Name of the input in an exported graph, as the 2018 tools expect it.
    is_for_sky : bool
        Whether it was made for pictures of the sky, which have no preferred orientation.
    ships : bool
        Whether its weights ship with the program.
    """

    name: str
    application: str
    input_size_px: int
    n_features: int
    n_parameters: int
    pixel_range: str
    weights_file: str
    weights_folder: str = ""
    weights_hash: str | None = None
    alpha: float | None = None
    graph_input: str = "input"
    is_for_sky: bool = False
    ships: bool = False

    @property
    def weights_url(self) -> str:
        """Address of the weights file at Keras."""
        return f"{KERAS_APPLICATIONS}/{self.weights_folder}/{self.weights_file}"

    @property
    def download_mb(self) -> float:
        """Size of the download in megabytes, estimated from the number of parameters."""
        return self.n_parameters * BYTES_PER_PARAMETER / 1e6 if self.weights_file else 0.0


def _mobilenets() -> list[BackboneSpec]:
    # alpha, its spelling in the article, its spelling at Keras, number of parameters
    widths = (
        (0.25, "0.25", "2_5", 218_544),
        (0.50, "0.50", "5_0", 829_536),
        (0.75, "0.75", "7_5", 1_832_976),
        (1.0, "1.0", "1_0", 3_228_864),
    )
    return [
        BackboneSpec(
            name=f"mobilenet_{text}_{size}",
            application="MobileNet",
            input_size_px=size,
            n_features=int(1024 * alpha),
            n_parameters=n_parameters,
            pixel_range="-1 to 1",
            weights_file=f"mobilenet_{keras_text}_{size}_tf_no_top.h5",
            weights_folder="mobilenet",
            alpha=alpha,
        )
        for alpha, text, keras_text, n_parameters in widths
        for size in (128, 160, 192, 224)
    ]


_OTHERS = [
    BackboneSpec(
        name="inception_v3",
        application="InceptionV3",
        input_size_px=299,
        n_features=2048,
        n_parameters=21_802_784,
        pixel_range="-1 to 1",
        weights_file="inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_folder="inception_v3",
        weights_hash="bcbd6486424b2319ff4ef7d526e38f63",
        graph_input="Mul",
    ),
    BackboneSpec(
        name="mobilenet_v2",
        application="MobileNetV2",
        input_size_px=224,
        n_features=1280,
        n_parameters=2_257_984,
        pixel_range="-1 to 1",
        weights_file="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        weights_folder="mobilenet_v2",
        alpha=1.0,
    ),
    BackboneSpec(
        name="mobilenet_v3_small",
        application="MobileNetV3Small",
        input_size_px=224,
        n_features=576,
        n_parameters=939_120,
        pixel_range="0 to 255",
        weights_file="weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        weights_folder="mobilenet_v3",
        weights_hash="d3e8ec802a04aa4fc771ee12a9a9b836",
        alpha=1.0,
    ),
    BackboneSpec(
        name="mobilenet_v3_large",
        application="MobileNetV3Large",
        input_size_px=224,
        n_features=960,
        n_parameters=2_996_352,
        pixel_range="0 to 255",
        weights_file="weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        weights_folder="mobilenet_v3",
        weights_hash="07fb09a5933dd0c8eaafa16978110389",
        alpha=1.0,
    ),
    BackboneSpec(
        name="efficientnet_v2_b0",
        application="EfficientNetV2B0",
        input_size_px=224,
        n_features=1280,
        n_parameters=5_919_312,
        pixel_range="0 to 255",
        weights_file="efficientnetv2-b0_notop.h5",
        weights_folder="efficientnet_v2",
        weights_hash="893217f2bb855e2983157299931e43ff",
    ),
    BackboneSpec(
        name="resnet50",
        application="ResNet50",
        input_size_px=224,
        n_features=2048,
        n_parameters=23_587_712,
        pixel_range="caffe",
        weights_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
        weights_folder="resnet",
        weights_hash="4d473c1dd8becc155b73f8504c6f6626",
    ),
    BackboneSpec(
        name="convnext_tiny",
        application="ConvNeXtTiny",
        input_size_px=224,
        n_features=768,
        n_parameters=27_820_128,
        pixel_range="0 to 255",
        weights_file="convnext_tiny_notop.h5",
        weights_folder="convnext",
        weights_hash="d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
    ),
]

TEST_BACKBONE = BackboneSpec(
    name="random",
    application="random",
    input_size_px=32,
    n_features=48,
    n_parameters=2_256,
    pixel_range="-1 to 1",
    weights_file="",
)

# The weights ship with the program: see docs/sky-backbone.md.
SKY_BACKBONE = BackboneSpec(
    name="sky",
    application="sky",
    input_size_px=128,
    n_features=256,
    n_parameters=1_605_256,
    pixel_range="-1 to 1",
    weights_file="",
    is_for_sky=True,
    ships=True,
)

# EfficientNet-Lite0: see docs/everyday-backbone.md.
EVERYDAY_BACKBONE = BackboneSpec(
    name="everyday",
    application="everyday",
    input_size_px=224,
    n_features=1280,
    n_parameters=3_350_000,
    pixel_range="-1 to 1",
    weights_file="",
    ships=True,
)

DEFAULT_ARCHITECTURE = SKY_BACKBONE.name

_SHIPPED = (SKY_BACKBONE, EVERYDAY_BACKBONE)
_REGISTRY = MappingProxyType(
    {spec.name: spec for spec in (*_SHIPPED, *_mobilenets(), *_OTHERS, TEST_BACKBONE)}
)


def list_backbones() -> tuple[BackboneSpec, ...]:
    """Return the backbones a user can choose: shipped ones, those of the article, others."""
    return tuple(spec for spec in _REGISTRY.values() if spec is not TEST_BACKBONE)


def get_backbone(name: str) -> BackboneSpec:
    """Return the backbone with a name.

    Raises
    ------
    BackboneError
        If there is none; the message suggests similar names.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    names = [spec.name for spec in list_backbones()]
    similar = _find_most_similar(name, names)
    hint = f"did you mean {similar}?" if similar else f"choose one of {', '.join(names)}."
    raise BackboneError(f"There is no architecture named {name!r}: {hint}", name=name)


def _find_most_similar(name: str, names: list[str]) -> str | None:
    """Return the most similar name, or None; a tie goes to the longest common prefix."""

    def rate(other: str) -> tuple[float, int]:
        similarity = difflib.SequenceMatcher(None, other, name.lower()).ratio()
        return similarity, len(commonprefix((other, name)))  # noqa: RUF071 (these are not paths)

    return max(difflib.get_close_matches(name.lower(), names), key=rate, default=None)
