"""The shipped files are intact, small and consistent, and the starter knows real clusters."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.backbones import litert, shipped
from cluster_core.model.backbones.conversion import MAX_RELATIVE_ERROR, prepare_backbone
from cluster_core.model.backbones.keras import hash_weights, load_backbone
from cluster_core.model.backbones.litert import LiteRTExtractor, load_extractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle import starter
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.starter import REHEARSAL
from cluster_core.model.prediction.batch import classify_sources
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sources.source import PictureSource
from cluster_core.training.config import TrainConfig
from cluster_core.training.train import train
from tests.samples import SHARED, needs_shared

MAX_BYTES = 8_000_000
NETWORKS = pytest.mark.parametrize(
    "spec", [SKY_BACKBONE, EVERYDAY_BACKBONE], ids=lambda spec: spec.name
)


@pytest.fixture
def assets(tmp_path):
    return shutil.copytree(ASSETS, tmp_path / "assets")


def draw_pictures(spec):
    shape = (4, spec.input_size_px, spec.input_size_px, 3)
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def damage(path, change):
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"?")


@NETWORKS
def test_shipped_network_is_small(spec):
    files = list(ASSETS.glob(f"{spec.name}[-_]*"))
    assert len([path for path in files if path.suffix == ".tflite"]) == 1
    assert sum(path.stat().st_size for path in files) < MAX_BYTES


@NETWORKS
def test_keras_and_litert_agree(spec):
    record = shipped.load_shipped_record(spec)
    model = load_backbone(spec, shipped.check_shipped_weights(spec))
    assert hash_weights(model) == record.weights_sha256
    assert model.count_params() == spec.n_parameters
    pictures = draw_pictures(spec)
    expected = model(to_unit_range(pictures)).numpy()
    assert expected.shape == (4, spec.n_features)
    found = LiteRTExtractor(record.read_litert()).extract(pictures)
    assert np.abs(found - expected).max() <= MAX_RELATIVE_ERROR * np.abs(expected).max()


def test_no_more_threads_compute_than_there_are_cores(monkeypatch):
    monkeypatch.setattr(litert, "count_usable_cpus", lambda: 2)
    created = []
    interpreter = litert.Interpreter
    monkeypatch.setattr(
        litert, "Interpreter", lambda **options: created.append(1) or interpreter(**options)
    )
    spec = SKY_BACKBONE
    extractor = LiteRTExtractor(shipped.load_shipped_record(spec).read_litert())
    pictures = list(draw_pictures(spec))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(extractor.extract, [pictures] * 16))
    assert all(np.array_equal(one, found[0]) for one in found)
    assert len(created) <= 2


@NETWORKS
def test_converting_again_matches_the_shipped_backbone(spec, tmp_path):
    converted = prepare_backbone(spec, tmp_path, tmp_path)
    record, pictures = shipped.load_shipped_record(spec), draw_pictures(spec)
    assert converted.weights_sha256 == record.weights_sha256
    found = load_extractor(converted).extract(pictures)
    expected = load_extractor(record).extract(pictures)
    assert np.abs(found - expected).max() <= MAX_RELATIVE_ERROR * np.abs(expected).max()


@pytest.mark.parametrize("change", ["altered", "missing"])
@NETWORKS
def test_altered_or_missing_weights_are_named_in_the_error(assets, spec, change):
    path = shipped.load_shipped_record(spec, assets).litert_path
    damage(path, change)
    with pytest.raises(BackboneError, match=f"{path.name}, which ships with the program") as caught:
        shipped.check_shipped_weights(spec, assets)
    assert caught.value.name == spec.name
    with pytest.raises(BackboneError, match=path.name):
        load_extractor(shipped.load_shipped_record(spec, assets))


@pytest.mark.parametrize("change", ["altered", "missing"])
@NETWORKS
def test_altered_or_missing_record_is_named_in_the_error(assets, spec, change):
    path = assets / shipped.name_record(spec)
    damage(path, change)  # JSON cannot be followed by a question mark
    with pytest.raises(BackboneError, match=f"{path.name}, which ships with the program"):
        shipped.check_shipped_weights(spec, assets)


@pytest.mark.parametrize("change", ["altered", "missing"])
def test_altered_or_missing_rehearsal_is_named_in_the_error(assets, change):
    damage(assets / REHEARSAL, change)
    with pytest.raises(BackboneError, match=f"{REHEARSAL}, which ships with the program"):
        starter.load_rehearsal(assets)


def test_everyday_network_comes_with_its_licence():
    notice = (ASSETS / "everyday_NOTICE.txt").read_text("utf-8")
    assert "Apache License, Version 2.0" in notice
    assert "ML Illustrated" in notice


def test_altered_starter_model_is_rejected(assets):
    (assets / STARTER / "head.npy").write_bytes(b"")
    with pytest.raises(BundleError):
        load_bundle(assets / STARTER)


def test_rehearsal_has_both_classes_and_the_starter_labels_them_correctly():
    features, classes = starter.load_rehearsal()
    assert features.shape == (len(classes), SKY_BACKBONE.n_features)
    assert set(classes) == {0, 1}
    scores = load_bundle(ASSETS / STARTER).head.compute_scores(features[:, np.newaxis])
    assert (scores.argmax(axis=1) == classes).mean() > 0.9


def measure_balanced_accuracy(predictor, folders) -> float:
    """Return the mean over classes of the share of correct answers."""
    shares = []
    for label, files in folders.items():
        answers = [
            answer.prediction.label
            for answer in classify_sources(predictor, map(PictureSource.of_file, files))
        ]
        shares.append(answers.count(label) / len(answers))
    return float(np.mean(shares))


def list_messier(tiers: str):
    import csv

    folder = SHARED / "photos" / "messier_dev"
    with (folder / "manifest.csv").open(newline="") as lines:
        chosen = [row["file"] for row in csv.DictReader(lines) if row["tier"] in tiers]
    return {
        f"{kind} clusters": [folder / name for name in chosen if name.startswith(kind)]
        for kind in ("globular", "open")
    }


def list_cluster_photos():
    folder = SHARED / "photos" / "cluster_photos"
    return {path.name: sorted(path.iterdir()) for path in sorted(folder.iterdir())}


@needs_shared
def test_starter_labels_real_clusters_without_any_conversion(workspace):
    predictor = Predictor(load_bundle(ASSETS / STARTER), workspace)
    assert measure_balanced_accuracy(predictor, list_messier("A")) >= 0.95
    assert measure_balanced_accuracy(predictor, list_messier("AB")) >= 0.90
    assert measure_balanced_accuracy(predictor, list_cluster_photos()) >= 0.88
    assert not workspace.root.exists(), "nothing should have been converted"


@needs_shared
def test_retraining_on_photos_is_no_worse_than_the_starter_on_other_photos(workspace):
    result = train(TrainConfig(SHARED / "photos" / "cluster_photos"), workspace, lambda _: None)
    starter, retrained = (
        Predictor(bundle, workspace) for bundle in (load_bundle(ASSETS / STARTER), result.bundle)
    )
    for tiers, minimum in (("A", 0.97), ("AB", 0.94)):
        pictures = list_messier(tiers)
        accuracy = measure_balanced_accuracy(retrained, pictures)
        assert accuracy >= minimum
        assert accuracy >= measure_balanced_accuracy(starter, pictures)
