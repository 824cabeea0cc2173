"""The one figure of a model that every place shows, and where it comes from."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from io import BytesIO

import pytest

from cluster_core.errors import BundleError
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.accuracy import Accuracy, describe_accuracy, read_accuracy
from cluster_core.model.bundle.archive import export_model, import_model
from cluster_core.model.bundle.collection import record_cross_validation
from cluster_core.model.bundle.summaries import describe_model
from tests.samples import OWNER

TEST = {"n": 14, "n_right": 13, "interval_95": [0.69, 0.99]}
VALIDATED = {"n": 154, "accuracy": 0.952, "interval_95": [0.89, 0.98]}
OF_TEST = "About 93% correct on new pictures (likely 69% to 99%), tested on 14 pictures."


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (
            {"test": TEST, "cross_validation": VALIDATED},
            "About 95% correct on new pictures (likely 89% to 98%), cross-validated on 154 "
            "pictures.",
        ),
        ({"test": TEST}, OF_TEST),
        (
            {"test": {"n": 1, "n_right": 1, "interval_95": None}},
            "About 100% correct on new pictures, tested on 1 picture.",
        ),
        (
            {"test": {"n": 1000, "n_right": 999, "interval_95": [0.9944, 0.99982]}},
            "About 99.9% correct on new pictures (likely 99% to 99.98%), tested on 1,000 pictures.",
        ),
        ({}, "Not tested."),
    ],
)
def test_cross_validation_comes_before_the_test(metrics, words):
    assert describe_accuracy(read_accuracy(metrics)) == words


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        [],
        {**VALIDATED, "n": 0},
        {**VALIDATED, "accuracy": float("nan")},
        {**VALIDATED, "accuracy": 1.1},
        {**VALIDATED, "interval_95": [0.98, 0.89]},
    ],
)
def test_damaged_cross_validation_counts_as_none(damaged):
    metrics = {"test": TEST, "cross_validation": damaged}
    assert describe_accuracy(read_accuracy(metrics)) == OF_TEST


def test_recorded_cross_validation_keeps_the_model_the_same(tmp_path):
    folder = shutil.copytree(ASSETS / STARTER, tmp_path / "copy")
    before = describe_model(folder)
    assert before.accuracy is None
    accuracy = Accuracy(0.952, (0.89, 0.98), 154, is_cross_validated=True)
    record_cross_validation(folder, accuracy)
    after = describe_model(folder)
    assert after.accuracy == accuracy
    assert after.content_sha256 == before.content_sha256


@pytest.mark.parametrize("in_ascii", [True, False])
def test_answers_and_links_survive_a_cross_validation(trained, in_ascii):
    """They are kept by the hash of the manifest, as are jobs, found fields and loaded models."""
    (folder,) = trained.bundles.iterdir()
    path = folder / "manifest.json"
    manifest = json.loads(path.read_bytes()) | {"title": "Haufen über Köln"}
    manifest["metrics"].pop("cross_validation", None)
    path.write_text(json.dumps(manifest, indent=2, ensure_ascii=in_ascii), "utf-8")
    archive, before = export_model(trained, folder.name), describe_model(folder)
    assert before.manifest_sha256 == sha256(path.read_bytes()).hexdigest()
    for share in (0.9, 0.95):
        record_cross_validation(folder, Accuracy(share, (0.89, 0.98), 154, is_cross_validated=True))
        after = describe_model(folder)
        assert (after.manifest_sha256, after.accuracy.share) == (before.manifest_sha256, share)
    assert import_model(OWNER, trained, BytesIO(archive)).id == folder.name
    assert len(list(trained.bundles.iterdir())) == 1


def test_model_that_is_gone_is_not_created(tmp_path):
    with pytest.raises(BundleError):
        record_cross_validation(tmp_path / "gone", Accuracy(1.0, (0.5, 1.0), 3, True))
    assert not list(tmp_path.iterdir())
