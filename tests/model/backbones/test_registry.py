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

ARTICLE_NETWORKS = {
    *(
        f"mobilenet_{width}_{size}"
        for width in ("0.25", "0.50", "0.75", "1.0")
        for size in (128, 160, 192, 224)
    ),
    "inception_v3",
}
OTHER_NETWORKS = {
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_v2_b0",
    "resnet50",
    "convnext_tiny",
}
# Every width and every size of the MobileNets occurs; the other twelve are built the same way.
SAMPLE_NETWORKS = [
    "mobilenet_0.25_128",
    "mobilenet_0.50_160",
    "mobilenet_0.75_192",
    "mobilenet_1.0_224",
    "inception_v3",
    *sorted(OTHER_NETWORKS),
]


def test_all_documented_networks_are_registered():
    names = [spec.name for spec in list_backbones()]
    assert names[:2] == ["sky", "everyday"]
    assert set(names) >= ARTICLE_NETWORKS | OTHER_NETWORKS
    assert len(set(names)) == len(names)
    assert DEFAULT_ARCHITECTURE in names
    assert all(get_backbone(spec.name) is spec for spec in list_backbones())


def test_test_network_is_available_but_not_listed():
    assert get_backbone("random") is TEST_BACKBONE
    assert TEST_BACKBONE not in list_backbones()
    assert TEST_BACKBONE.download_mb == 0


@pytest.mark.parametrize(
    ("wrong", "similar"),
    [
        ("mobilenet_0.5_224", "mobilenet_0.50_224"),
        ("mobilenet_1_224", "mobilenet_1.0_224"),
        ("inceptionv3", "inception_v3"),
        ("ResNet50", "resnet50"),
        ("convnext", "convnext_tiny"),
    ],
)
def test_misspelt_name_suggests_the_most_similar(wrong, similar):
    with pytest.raises(BackboneError, match=rf"did you mean {similar}\?") as caught:
        get_backbone(wrong)
    assert caught.value.name == wrong


def test_unknown_name_lists_all_networks():
    with pytest.raises(BackboneError) as caught:
        get_backbone("zzz")
    assert all(spec.name in str(caught.value) for spec in list_backbones())
    assert "random" not in str(caught.value)


@pytest.mark.parametrize("name", SAMPLE_NETWORKS)
def test_network_matches_what_keras_builds_and_downloads(name, monkeypatch):
    spec = get_backbone(name)
    requested = {}

    def get_file(fname, origin, **options):
        requested.update(name=fname, url=origin, hash=options.get("file_hash"))
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
    assert requested == {
        "name": spec.weights_file,
        "url": spec.weights_url,
        "hash": spec.weights_hash,
    }


def test_mobilenets_differ_only_by_width_and_size():
    for name in ARTICLE_NETWORKS - {"inception_v3"}:
        _, width, size = name.split("_")
        spec = get_backbone(name)
        assert (spec.input_size_px, spec.alpha) == (int(size), float(width))
        assert spec.n_features == 1024 * float(width)
        largest = get_backbone(f"mobilenet_{width}_224")
        assert spec.weights_file == largest.weights_file.replace("224", size)
        assert spec.n_parameters == largest.n_parameters


def test_graph_inputs_have_the_names_that_the_2018_tools_use():
    for spec in list_backbones():
        assert spec.graph_input == ("Mul" if spec.name == "inception_v3" else "input")
