from __future__ import annotations

import keras
import pytest
from keras.src.utils import file_utils

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.registry import (
    DEFAULT_ARCHITECTURE,
    TEST_BACKBONE,
    get_backbone,
    list_backbones,
)

OF_THE_ARTICLE = {
    *(
        f"mobilenet_{width}_{size}"
        for width in ("0.25", "0.50", "0.75", "1.0")
        for size in (128, 160, 192, 224)
    ),
    "inception_v3",
}
OTHERS = {
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_v2_b0",
    "resnet50",
    "convnext_tiny",
}
# Every width and every size of the MobileNets; the other twelve are put together in the same way.
BUILT = [
    "mobilenet_0.25_128",
    "mobilenet_0.50_160",
    "mobilenet_0.75_192",
    "mobilenet_1.0_224",
    "inception_v3",
    *sorted(OTHERS),
]


def test_all_promised_networks_are_there():
    names = [spec.name for spec in list_backbones()]
    assert set(names) >= OF_THE_ARTICLE | OTHERS
    assert len(set(names)) == len(names)
    assert DEFAULT_ARCHITECTURE in names
    assert all(get_backbone(spec.name) is spec for spec in list_backbones())


def test_the_network_of_the_tests_can_be_had_but_is_not_offered():
    assert get_backbone("random") is TEST_BACKBONE
    assert TEST_BACKBONE not in list_backbones()
    assert TEST_BACKBONE.download_mb == 0


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("mobilenet_0.5_224", "mobilenet_0.50_224"),
        ("mobilenet_1_224", "mobilenet_1.0_224"),
        ("inceptionv3", "inception_v3"),
        ("ResNet50", "resnet50"),
        ("convnext", "convnext_tiny"),
    ],
)
def test_a_misspelt_name_is_answered_with_the_nearest(wrong, near):
    with pytest.raises(BackboneError, match=rf"did you mean {near}\?") as caught:
        get_backbone(wrong)
    assert caught.value.name == wrong


def test_a_name_like_no_other_is_answered_with_all():
    with pytest.raises(BackboneError) as caught:
        get_backbone("zzz")
    assert all(spec.name in str(caught.value) for spec in list_backbones())
    assert "random" not in str(caught.value)


@pytest.mark.parametrize("name", BUILT)
def test_a_network_is_as_keras_builds_and_downloads_it(name, monkeypatch):
    spec = get_backbone(name)
    asked_for = {}

    def get_file(fname, origin, **options):
        asked_for.update(name=fname, url=origin, hash=options.get("file_hash"))
        return fname

    monkeypatch.setattr(file_utils, "get_file", get_file)
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_, **__: None)
    side = spec.input_size_px
    network = getattr(keras.applications, spec.application)(
        include_top=False,
        weights="imagenet",
        pooling="avg",
        input_shape=(side, side, 3),
        **({} if spec.alpha is None else {"alpha": spec.alpha}),
    )
    assert network.output_shape == (None, spec.n_features)
    assert network.count_params() == spec.n_parameters
    assert asked_for == {
        "name": spec.weights_file,
        "url": spec.weights_url,
        "hash": spec.weights_hash,
    }


def test_mobilenets_differ_by_width_and_size_alone():
    for name in OF_THE_ARTICLE - {"inception_v3"}:
        _, width, size = name.split("_")
        spec = get_backbone(name)
        assert (spec.input_size_px, spec.alpha) == (int(size), float(width))
        assert spec.n_features == 1024 * float(width)
        twin = get_backbone(f"mobilenet_{width}_224")
        assert spec.weights_file == twin.weights_file.replace("224", size)
        assert spec.n_parameters == twin.n_parameters


def test_graph_inputs_are_those_that_the_2018_tools_feed():
    for spec in list_backbones():
        assert spec.graph_input == ("Mul" if spec.name == "inception_v3" else "input")
