"""The shipped files are intact, small and consistent, and the starter knows real clusters."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cluster_core.errors import BackboneError, BundleError
from cluster_core.model.backbones import shipped
from cluster_core.model.backbones.conversion import prepare_backbone
from cluster_core.model.backbones.keras import hash_weights, load_backbone
from cluster_core.model.backbones.litert import LiteRTExtractor, load_extractor
from cluster_core.model.backbones.preprocessing import to_unit_range
from cluster_core.model.backbones.registry import SKY_BACKBONE
from cluster_core.model.backbones.shipped import ASSETS, SKY_RECORD, SKY_WEIGHTS, STARTER
from cluster_core.model.bundle import starter
from cluster_core.model.bundle.bundle import load_bundle
from cluster_core.model.bundle.starter import REHEARSAL
from cluster_core.model.prediction.batch import classify_files
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.training.config import TrainConfig
from cluster_core.training.train import train
from tests.samples import SHARED, needs_shared

MAX_BYTES = 8_000_000


@pytest.fixture
def assets(tmp_path):
    return shutil.copytree(ASSETS, tmp_path / "assets")


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(1).integers(0, 256, (8, 128, 128, 3), dtype=np.uint8)


def test_shipped_backbone_files_are_small():
    names = [SKY_WEIGHTS, shipped.load_sky_record().litert_path.name]
    assert sum((ASSETS / name).stat().st_size for name in names) < MAX_BYTES


def test_keras_and_litert_agree(pictures):
    record = shipped.load_sky_record()
    model = load_backbone(SKY_BACKBONE, shipped.check_sky_weights())
    assert hash_weights(model) == record.weights_sha256
    assert model.count_params() == SKY_BACKBONE.n_parameters
    expected = model(to_unit_range(pictures)).numpy()
    assert expected.shape == (8, SKY_BACKBONE.n_features)
    found = LiteRTExtractor(record.read_litert()).extract(pictures)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_converting_again_matches_the_shipped_backbone(pictures, tmp_path):
    converted = prepare_backbone(SKY_BACKBONE, tmp_path, tmp_path)
    assert converted.weights_sha256 == shipped.load_sky_record().weights_sha256
    found = load_extractor(converted).extract(pictures)
    expected = load_extractor(shipped.load_sky_record()).extract(pictures)
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("change", ["altered", "missing"])
@pytest.mark.parametrize("name", [SKY_WEIGHTS, SKY_RECORD, REHEARSAL])
def test_altered_or_missing_file_is_named_in_the_error(assets, name, change):
    path = assets / name
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(b"something else")
    use = starter.load_rehearsal if name == REHEARSAL else shipped.check_sky_weights
    with pytest.raises(BackboneError, match=f"{name}, which ships with the program"):
        use(assets)


def test_altered_litert_file_is_rejected(assets):
    record = shipped.load_sky_record(assets)
    record.litert_path.write_bytes(record.litert_path.read_bytes()[:-1] + b"?")
    with pytest.raises(BackboneError, match=record.litert_path.name):
        load_extractor(record)


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
        answers = [answer.prediction.label for answer in classify_files(predictor, files)]
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
