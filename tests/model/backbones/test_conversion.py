from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from keras.src.applications.convnext import ConvNeXt
from keras.src.applications.efficientnet_v2 import EfficientNetV2
from tensorflow.lite.python.convert_phase import ConverterError

from cluster_core.errors import BackboneError
from cluster_core.model.backbones import conversion, converted, weights_download
from cluster_core.model.backbones import keras as keras_backbones
from cluster_core.model.backbones.conversion import convert_backbone, prepare_backbone
from cluster_core.model.backbones.converted import find_converted, find_converted_from, find_ready
from cluster_core.model.backbones.keras import hash_weights, load_backbone, obtain_weights
from cluster_core.model.backbones.litert import LiteRTExtractor, load_extractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import TEST_BACKBONE, get_backbone
from cluster_core.model.backbones.tensorflow import TensorFlowExtractor
from cluster_core.model.backbones.weights import find_weights, list_weights_files
from cluster_core.model.export.frozen_graph import build_graph, save_graph
from cluster_core.model.head.head import Head, softmax
from cluster_core.model.prediction.graph_predictor import FrozenGraph
from cluster_core.storage.hashing import hash_file
from tests.samples import not_as_root

SMALL = get_backbone("mobilenet_0.25_128")


def draw_pictures(size_px: int = 32, n: int = 5) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (n, size_px, size_px, 3), dtype=np.uint8)


def relative_error(found, expected) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory):
    """A folder with random weights of MobileNet 0.25/128."""
    folder = tmp_path_factory.mktemp("weights")
    keras.utils.set_random_seed(3)
    network = keras.applications.MobileNet(
        input_shape=(128, 128, 3), alpha=0.25, include_top=False, weights=None
    )
    network.save_weights(folder / f"{SMALL.name}_no_top.weights.h5")
    return folder


@pytest.fixture(scope="module")
def small_converted(weights_dir, tmp_path_factory):
    return prepare_backbone(SMALL, weights_dir, tmp_path_factory.mktemp("backbones"))


def test_litert_and_frozen_graph_match_keras(backbone):
    expected = load_backbone(TEST_BACKBONE, None)(to_unit_range(draw_pictures())).numpy()
    assert expected.shape == (5, TEST_BACKBONE.n_features)
    assert np.ptp(expected, axis=0).max() > 0.1
    assert backbone.runs_on_litert
    assert backbone.relative_error <= conversion.MAX_RELATIVE_ERROR
    assert relative_error(load_extractor(backbone).extract(list(draw_pictures())), expected) <= 1e-4
    assert (
        relative_error(TensorFlowExtractor(backbone).extract(list(draw_pictures())), expected)
        <= 1e-5
    )


def test_network_is_converted_with_its_weights(small_converted, weights_dir):
    keras_own = load_backbone(SMALL, find_weights(SMALL, weights_dir))
    pictures = draw_pictures(128, n=2)
    expected = keras_own(to_unit_range(pictures)).numpy()
    assert relative_error(load_extractor(small_converted).extract(list(pictures)), expected) <= 1e-4
    assert small_converted.weights_sha256 == hash_weights(keras_own)
    assert small_converted.weights_file_sha256 == hash_file(find_weights(SMALL, weights_dir))


def test_record_survives_a_round_trip(backbone):
    assert find_converted(TEST_BACKBONE, backbone.folder) == backbone
    known = backbone.weights_sha256
    assert find_converted(TEST_BACKBONE, backbone.folder, weights_sha256=known) == backbone
    assert find_converted(TEST_BACKBONE, backbone.folder, weights_sha256="0" * 64) is None
    assert find_converted(SMALL, backbone.folder) is None
    assert find_converted(TEST_BACKBONE, backbone.folder / "nowhere") is None
    (backbone.folder / "random-0123.json").symlink_to("random-0123.json")
    assert find_converted(TEST_BACKBONE, backbone.folder) == backbone


def test_converting_again_gives_the_same_weights_hash(backbone, tmp_path):
    again = convert_backbone(TEST_BACKBONE, None, tmp_path)
    assert again.weights_sha256 == backbone.weights_sha256


@pytest.mark.parametrize(
    "record",
    [
        *("", "{", "[]", "null", '{"name": "random"}', '{"version": 99}', b"\xff\xfe"),
        "[" * 100_000,
        '{"name": "random", "weights_sha256": [1], "weights_file_sha256": "", "litert_sha256": 3,'
        ' "graph_sha256": null, "relative_error": "x"}',
    ],
)
def test_malformed_record_is_skipped(backbone, record):
    path = backbone.folder / "random-000000000000.json"
    path.write_bytes(record if isinstance(record, bytes) else record.encode())
    assert find_converted(TEST_BACKBONE, backbone.folder) == backbone


def test_conversion_of_another_version_is_ignored(backbone, monkeypatch):
    monkeypatch.setattr(converted, "CONVERSION_VERSION", converted.CONVERSION_VERSION + 1)
    assert find_converted(TEST_BACKBONE, backbone.folder) is None


@pytest.mark.parametrize("name", ["litert_path", "graph_path"])
@pytest.mark.parametrize("change", ["altered", "missing"])
def test_altered_file_is_rejected(backbone, name, change):
    path = getattr(backbone, name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.unlink()
    if change == "altered":
        path.write_bytes(content)
    load = load_extractor if name == "litert_path" else TensorFlowExtractor
    with pytest.raises(BackboneError, match="missing or was altered") as caught:
        load(backbone)
    assert str(path) in str(caught.value)
    assert caught.value.name == "random"


@pytest.mark.parametrize("failure", ["raises", "differs", "returns NaN"])
def test_tensorflow_runs_a_network_that_litert_cannot_run(tmp_path, monkeypatch, failure):
    if failure == "raises":
        fail_to_convert(monkeypatch, ConverterError("unknown operation"))
    else:
        factor = np.nan if failure == "returns NaN" else np.float32(1.001)
        extract = LiteRTExtractor.extract
        monkeypatch.setattr(
            LiteRTExtractor, "extract", lambda self, pictures: extract(self, pictures) * factor
        )
    backbone = prepare_backbone(TEST_BACKBONE, tmp_path, tmp_path)
    assert not backbone.runs_on_litert
    assert find_ready(TEST_BACKBONE, tmp_path, tmp_path) == backbone
    assert json.loads(next(tmp_path.glob("*.json")).read_text())["litert_refusal"]
    refuse_to_convert(monkeypatch)
    assert prepare_backbone(TEST_BACKBONE, tmp_path, tmp_path) == backbone, "a verdict is kept"
    extractor = load_extractor(backbone)
    assert isinstance(extractor, TensorFlowExtractor)
    expected = load_backbone(TEST_BACKBONE, None)(to_unit_range(draw_pictures())).numpy()
    assert relative_error(extractor.extract(list(draw_pictures())), expected) <= 1e-5


class FailingConverter:
    """Stands in for LiteRT's converter."""

    def __init__(self, error) -> None:
        self.error = error

    def convert(self):
        raise self.error


def fail_to_convert(monkeypatch, error) -> None:
    for name in ("from_keras_model", "from_concrete_functions"):
        monkeypatch.setattr(tf.lite.TFLiteConverter, name, lambda *_: FailingConverter(error))


def refuse_to_convert(monkeypatch) -> None:
    def refuse(*_):
        raise AssertionError("converted again")

    monkeypatch.setattr(conversion, "convert_backbone", refuse)


def wrap_as_the_converter_does(error: Exception) -> ConverterError:
    wrapped = ConverterError(str(error))
    wrapped.__context__ = error
    return wrapped


# A fresh exception for every test, because raising one changes it.
PASSING_FAULTS = [
    (lambda: OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
    (MemoryError, "Memory ran out"),
    (lambda: tf.errors.ResourceExhaustedError(None, None, "no memory"), "Memory ran out"),
    (lambda: wrap_as_the_converter_does(MemoryError("std::bad_alloc")), "Memory ran out"),
]


@pytest.mark.parametrize(("make_error", "part"), PASSING_FAULTS)
def test_passing_fault_is_not_remembered(tmp_path, monkeypatch, make_error, part):
    with monkeypatch.context() as patch:
        fail_to_convert(patch, make_error())
        with pytest.raises(BackboneError, match=part) as caught:
            prepare_backbone(TEST_BACKBONE, tmp_path, tmp_path)
    assert "try again" in str(caught.value)
    assert list(tmp_path.glob("random*")) == []
    assert prepare_backbone(TEST_BACKBONE, tmp_path, tmp_path).runs_on_litert


def test_conversion_needs_no_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    assert prepare_backbone(TEST_BACKBONE, tmp_path, tmp_path).runs_on_litert


def write_record_without_verdict(converted):
    """Record a failed conversion as version 0.1 did, whatever the reason."""
    failed = replace(converted, litert_sha256="", relative_error=None)
    failed.save_record()
    record = next(failed.folder.glob(f"{failed.name}-*.json"))
    assert "litert_refusal" not in json.loads(record.read_text())
    return failed


def test_earlier_failure_without_a_verdict_is_tried_once_more(backbone, tmp_path, monkeypatch):
    write_record_without_verdict(backbone)
    again = prepare_backbone(TEST_BACKBONE, tmp_path, backbone.folder)
    assert again.runs_on_litert
    refuse_to_convert(monkeypatch)
    assert prepare_backbone(TEST_BACKBONE, tmp_path, backbone.folder) == again


@pytest.mark.parametrize(("make_error", "part"), PASSING_FAULTS)
def test_earlier_conversion_stays_usable_while_another_try_fails(
    backbone, tmp_path, monkeypatch, caplog, make_error, part
):
    failed = write_record_without_verdict(backbone)
    fail_to_convert(monkeypatch, make_error())
    assert prepare_backbone(TEST_BACKBONE, tmp_path, backbone.folder) == failed
    assert part in caplog.text


def test_earlier_failure_is_not_tried_again_without_weights(small_converted, tmp_path, monkeypatch):
    backbones = tmp_path / "backbones"
    shutil.copytree(small_converted.folder, backbones)
    failed = write_record_without_verdict(replace(small_converted, folder=backbones))
    refuse_to_convert(monkeypatch)
    assert prepare_backbone(SMALL, tmp_path, backbones, any_weights=True) == failed


def test_shortage_of_memory_is_not_blamed_on_the_weights(weights_dir, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr(keras.Model, "load_weights", fail)
    with pytest.raises(MemoryError):
        load_backbone(SMALL, find_weights(SMALL, weights_dir))


def test_network_is_converted_only_once(backbone, tmp_path, monkeypatch):
    refuse_to_convert(monkeypatch)
    assert prepare_backbone(TEST_BACKBONE, tmp_path, backbone.folder) == backbone


def test_weights_file_decides_which_conversion_is_used(small_converted, weights_dir, tmp_path):
    backbones = tmp_path / "backbones"
    shutil.copytree(small_converted.folder, backbones)
    small = replace(small_converted, folder=backbones)
    newer = replace(small, weights_sha256="1" * 64, weights_file_sha256="2" * 64)
    newer.save_record()
    (record,) = backbones.glob(f"{SMALL.name}-1*.json")
    os.utime(record, (2e9, 2e9))
    nothing = tmp_path / "nothing"
    assert find_ready(SMALL, nothing, backbones) is None, "an empty folder selects no conversion"
    assert find_ready(SMALL, nothing, backbones, any_weights=True) == newer
    assert find_ready(SMALL, weights_dir, backbones) == small
    assert find_converted_from(SMALL, find_weights(SMALL, weights_dir), backbones) == small

    other = tmp_path / "other"
    other.mkdir()
    (other / SMALL.weights_file).write_bytes(b"other weights")
    assert find_ready(SMALL, other, backbones) is None


def test_own_weights_file_takes_precedence_over_that_of_keras(tmp_path):
    own_name, keras_name = list_weights_files(SMALL)
    (tmp_path / keras_name).touch()
    assert find_weights(SMALL, tmp_path) == tmp_path / keras_name
    (tmp_path / own_name).touch()
    assert find_weights(SMALL, tmp_path) == tmp_path / own_name
    assert find_weights(TEST_BACKBONE, tmp_path) is None
    assert obtain_weights(TEST_BACKBONE, tmp_path) is None


def test_failed_download_names_files_folder_and_address(tmp_path, monkeypatch):
    def refuse(address):
        raise OSError("no route to host")

    monkeypatch.setattr(weights_download, "open_https", refuse)
    with pytest.raises(BackboneError) as caught:
        prepare_backbone(SMALL, tmp_path / "models", tmp_path / "backbones")
    message = str(caught.value)
    for part in (*list_weights_files(SMALL), str(tmp_path / "models"), SMALL.weights_url):
        assert part in message
    assert "there is no connection to storage.googleapis.com" in message
    assert len(message.splitlines()) == 1
    assert caught.value.name == SMALL.name


def test_weights_are_downloaded_once(tmp_path, monkeypatch):
    def download(spec, model_dir, on_progress):
        on_progress(3, 7)
        path = model_dir / spec.weights_file
        path.write_bytes(b"weights")
        return path

    monkeypatch.setattr(keras_backbones, "download_weights", download)
    seen = []
    assert obtain_weights(SMALL, tmp_path, lambda *at: seen.append(at)) == (
        tmp_path / SMALL.weights_file
    )
    assert seen == [(3, 7)]
    monkeypatch.setattr(keras_backbones, "download_weights", None)
    assert obtain_weights(SMALL, tmp_path) == tmp_path / SMALL.weights_file


def test_folder_that_cannot_be_created_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BackboneError, match="could not be downloaded"):
        obtain_weights(SMALL, tmp_path / "file" / "models")


@not_as_root
def test_download_fails_if_the_folder_is_read_only(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BackboneError, match="cannot be written to"):
            obtain_weights(SMALL, tmp_path)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("kind", ["not HDF5", "truncated", "of another network"])
def test_damaged_weights_are_reported(weights_dir, tmp_path, kind):
    path = tmp_path / list_weights_files(SMALL)[0]
    content = find_weights(SMALL, weights_dir).read_bytes()
    if kind == "not HDF5":
        path.write_bytes(b"not weights")
    elif kind == "truncated":
        path.write_bytes(content[: len(content) // 2])
    else:
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(BackboneError, match="does not contain the weights") as caught:
        prepare_backbone(SMALL, tmp_path, tmp_path / "backbones")
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert list((tmp_path / "backbones").glob(f"*{SMALL.name}*")) == []


def test_weights_hash_depends_on_values_only(weights_dir, tmp_path):
    loaded = load_backbone(SMALL, find_weights(SMALL, weights_dir))
    legacy = tmp_path / SMALL.weights_file
    loaded.get_layer(SMALL.name).save_weights(tmp_path / "again.weights.h5")
    (tmp_path / "again.weights.h5").rename(tmp_path / list_weights_files(SMALL)[0])
    again = load_backbone(SMALL, find_weights(SMALL, tmp_path))
    assert hash_weights(again) == hash_weights(loaded)
    assert not legacy.exists()
    weights = again.get_weights()
    weights[5] = weights[5] + np.float32(1e-6)
    again.set_weights(weights)
    assert hash_weights(again) != hash_weights(loaded)


@pytest.mark.parametrize("application", ["resnet50", "mobilenet_v3_small"])
def test_every_network_accepts_pixels_from_minus_one_to_one(application):
    spec = get_backbone(application)
    module = {"resnet50": "resnet", "mobilenet_v3_small": "mobilenet_v3"}[application]
    prepare = getattr(keras.applications, module).preprocess_input
    model = build_without_weights(spec)
    pixels = np.random.default_rng(0).integers(0, 256, (1, 224, 224, 3)).astype(np.float32)
    expected = next(layer for layer in model.layers if isinstance(layer, keras.Model))(
        prepare(pixels.copy())
    ).numpy()
    found = model(pixels / np.float32(127.5) - 1).numpy()
    assert relative_error(found, expected) <= 1e-4


def build_without_weights(spec):
    from cluster_core.model.backbones import keras as keras_backbones

    return keras_backbones._build(spec)


def test_command_line_converts_a_network(workspace, monkeypatch):
    arguments = ["--model_dir", str(workspace.models), "--backbones_dir", str(workspace.backbones)]
    outcome = CliRunner().invoke(conversion.main, ["random", *arguments])
    assert outcome.exit_code == 0, outcome.output
    record = json.loads(next(workspace.backbones.glob("*.json")).read_text())
    assert record["name"] == "random"

    outcome = CliRunner().invoke(conversion.main, ["randon", *arguments])
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("Error: There is no architecture named 'randon'")
    assert len(outcome.stderr.splitlines()) == 1


# The kinds of layers and the features of two networks, with few blocks.
SLIM = {
    "efficientnet_v2_b0": partial(
        EfficientNetV2,
        width_coefficient=1,
        depth_coefficient=0.1,
        default_size=224,
        name="efficientnetv2-b0",
        weights_name="efficientnetv2-b0",
    ),
    "convnext_tiny": partial(
        ConvNeXt,
        depths=(1, 1, 1, 1),
        projection_dims=(8, 16, 24, 768),
        name="convnext_tiny",
        weights_name="convnext_tiny",
    ),
}


@pytest.mark.parametrize("name", SLIM)
def test_frozen_graph_of_nested_network_matches_keras(name, tmp_path, monkeypatch):
    spec = get_backbone(name)
    monkeypatch.setattr(keras.applications, spec.application, SLIM[name])
    keras.utils.set_random_seed(5)
    model = keras_backbones._build(spec)
    weights = tmp_path / f"{name}_no_top.weights.h5"
    (application,) = (layer for layer in model.layers if isinstance(layer, keras.Model))
    application.save_weights(weights)
    model = load_backbone(spec, weights)
    graph = conversion.freeze(model).SerializeToString()
    digest = hashlib.sha256(graph).hexdigest()
    backbone = converted.ConvertedBackbone(name, "0" * 64, "", "", digest, None, tmp_path)
    backbone.graph_path.write_bytes(graph)
    pictures = draw_pictures(spec.input_size_px, n=1)
    expected = model(to_unit_range(pictures)).numpy()
    assert relative_error(TensorFlowExtractor(backbone).extract(list(pictures)), expected) <= 1e-4
    # The same graph joined with a head, as exported for other programs.
    head = Head(np.eye(spec.n_features, 3, dtype=np.float32), np.zeros(3, np.float32))
    joined = tmp_path / "graph.pb"
    save_graph(build_graph(backbone, head), joined)
    answer = FrozenGraph(joined, ("a", "b", "c"))._run(tf.constant(to_unit_range(pictures)))
    assert relative_error(answer.numpy(), softmax(head.compute_logits(expected))) <= 1e-3
