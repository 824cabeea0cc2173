"""Evaluate a finished run again, and report it."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from cluster_core.api.documents import Model as Document
from cluster_core.errors import AccessError, RunError
from cluster_core.evaluation.report.html import make_html, make_json
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.bundle.collection import list_models
from cluster_core.training.config import TrainConfig
from cluster_core.training.insight.model_accuracy import complete_accuracies
from cluster_core.training.insight.run_evaluation import evaluate_run
from cluster_core.training.insight.run_report import report_run
from cluster_core.training.runs import RunResult, RunState, load_evaluation, submit_run
from cluster_core.training.runs.evaluation_record import EVALUATION
from cluster_core.training.runs.folder import save_status
from cluster_core.training.runs.results import save_result
from tests.samples import OWNER, VISITOR

LABELS = ("blue stars", "red stars")


@pytest.fixture
def run_id(trained, photos) -> str:
    """A run of an earlier version: it has a model and a test, but no evaluation."""
    shutil.copytree(photos, trained.cluster_photos)
    (bundle,) = trained.bundles.iterdir()
    status = submit_run(OWNER, trained, TrainConfig(trained.cluster_photos))
    save_status(trained, replace(status, state=RunState.FINISHED, bundle=bundle.name))
    tested = tuple(
        TestedPicture(path, hashlib.sha256(path.read_bytes()).hexdigest(), label, label, 0.9)
        for label in LABELS
        for path in sorted((trained.cluster_photos / label).iterdir())[:3]
    )
    result = RunResult(Metrics(LABELS, tested), {"training": {"red stars": 20}}, (), (), 491, 320)
    save_result(trained.runs / status.id, result, trained.cluster_photos)
    return status.id


def test_run_without_an_evaluation_is_evaluated_and_kept(trained, run_id):
    assert load_evaluation(trained, run_id) is None
    found = evaluate_run(OWNER, trained, run_id)
    assert found.cross_validation.accuracy == 1
    assert len(found.cross_validation.pictures) == 48
    assert len(found.test) == 6
    assert found.test.raw_scores.shape == (6, 2)
    kept = load_evaluation(trained, run_id)
    assert kept.cross_validation.interval == found.cross_validation.interval
    assert kept.test.paths == found.test.paths


def test_model_without_a_record_of_it_has_the_accuracy_of_its_run(trained, run_id):
    evaluate_run(OWNER, trained, run_id)
    (path,) = trained.bundles.glob("*/manifest.json")
    manifest = json.loads(path.read_text())
    assert manifest["metrics"]["cross_validation"]["n"] == 48
    del manifest["metrics"]["cross_validation"]
    path.write_text(json.dumps(manifest))
    model, starter = list_models(trained)
    assert not model.accuracy.is_cross_validated
    completed, same = complete_accuracies(trained, (model, starter))
    assert completed.accuracy == load_evaluation(trained, run_id).cross_validation.summary
    assert same == starter
    document = Document.of(completed)
    assert (document.accuracy.n, document.accuracy.source) == (48, "cross-validation")
    assert document.accuracy_in_words == completed.accuracy_sentence
    (trained.runs / run_id / EVALUATION).write_text("{")
    assert complete_accuracies(trained, (model, starter)) == (model, starter)


def test_run_without_a_model_is_refused(workspace):
    status = submit_run(OWNER, workspace, TrainConfig(workspace.cluster_photos))
    with pytest.raises(RunError, match="made no model"):
        evaluate_run(OWNER, workspace, status.id)
    with pytest.raises(RunError, match="made no model"):
        report_run(workspace, status.id)


def test_visitors_of_a_demo_may_not_evaluate(trained, run_id):
    with pytest.raises(AccessError):
        evaluate_run(VISITOR, trained, run_id)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (["cross_validation"], {}),
        (["cross_validation", "fold_accuracies"], [[0.5, float("nan")]]),
        (["cross_validation", "fold_accuracies"], [0.5]),
        (["cross_validation", "curve"], [[10, 0.9], [10, 0.9]]),
        (["cross_validation", "pictures", "classes"], [7] * 48),
        (["cross_validation", "pictures", "paths"], ["../a.png"] * 48),
        (["cross_validation", "pictures", "labels"], ["one"]),
        (["test", "scores"], [[2, -1]] * 6),
        (["test", "sha256"], []),
        (["problem"], None),
    ],
)
def test_damaged_evaluation_counts_as_none(trained, run_id, keys, value):
    evaluate_run(OWNER, trained, run_id)
    path = trained.runs / run_id / EVALUATION
    record = json.loads(path.read_text())
    *parents, last = keys
    part = record
    for key in parents:
        part = part[key]
    part[last] = value
    path.write_text(json.dumps(record))
    assert load_evaluation(trained, run_id) is None


def test_report_has_figures_settings_and_a_command_without_folders(trained, run_id):
    evaluate_run(OWNER, trained, run_id)
    report = report_run(trained, run_id)
    record = json.loads(make_json(report))
    assert record["cross_validation"]["n"] == 48
    assert record["cross_validation"]["figures"]["matthews"] == 1
    assert record["test"]["n"] == 6
    assert record["data"]["seed"] == 0
    assert record["data"]["training pictures"] == "red stars 20"
    assert record["settings"]["architecture"] == "random"
    assert "--image_dir=cluster_photos" in record["command"]
    page = make_html(report, trained)
    assert str(trained.root) not in page
    assert "Cross-validation of 48 pictures" in page


def test_report_of_a_run_without_evaluation_says_so(trained, run_id):
    report = report_run(trained, run_id)
    assert json.loads(make_json(report))["cross_validation"] is None
    assert "No pictures were kept for the final test." in make_html(report, trained)
