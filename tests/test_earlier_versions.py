"""Compatibility: files of an earlier version are found and read, and give the same answers.

`fixtures/0.0` has a workspace and two exported archives as that version wrote them;
`expected.json` has the output of that version for them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_core import cli, label_image
from cluster_core.data.archives.dataset_archive import import_archive
from cluster_core.data.catalog import dataset_dir, list_datasets
from cluster_core.data.index import scan_dataset
from cluster_core.data.splits import BY_FILE_NAME, split_dataset
from cluster_core.data.web.downloads import download_pictures
from cluster_core.model.bundle.archive import import_model
from cluster_core.model.bundle.collection import list_models
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.trash import list_trash, restore
from cluster_core.training.insight.estimates import estimate_speed
from cluster_core.training.jobs.job import run_job
from cluster_core.training.runs import (
    RunState,
    list_runs,
    load_config,
    load_evaluations,
    load_result,
    load_reviewed,
    load_status,
    read_log,
)
from tests.samples import OWNER, run_python

FIXTURE = Path(__file__).parent / "fixtures" / "0.0"
EXPECTED = json.loads((FIXTURE / "expected.json").read_text("utf-8"))
RUN = EXPECTED["run"]
MODELS = EXPECTED["label_image"]
SCORE = re.compile(r"^(.+) \(score=(.+)\)$", re.MULTILINE)
COMMANDS = {
    "retrain": ("cluster_core.retrain",),
    "label_image": ("cluster_core.label_image",),
    "download": ("cluster_core.download",),
    "classify": ("cluster_core", "classify"),
    "demo-data": ("cluster_core", "demo-data"),
}


def copy_workspace(target) -> None:
    shutil.copytree(FIXTURE / "workspace", target.root)
    # Git does not keep dates, by which the newest model is found.
    for manifest in target.bundles.glob("*/manifest.json"):
        created = datetime.fromisoformat(json.loads(manifest.read_text("utf-8"))["created"])
        os.utime(manifest, (created.timestamp(), created.timestamp()))


def scatter_files(workspace) -> None:
    """Add unexpected files, such as users and operating systems leave behind."""
    class_dirs = [path for path in workspace.cluster_photos.iterdir() if path.is_dir()]
    folders = [workspace.root, workspace.models, workspace.bundles, workspace.runs, workspace.trash]
    for folder in (*folders, workspace.runs / RUN["finished"], *class_dirs):
        (folder / "notes.txt").write_text("Remember the milk.")
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    for folder in folders:
        (folder / "older").mkdir()
        (folder / "older" / "notes.txt").write_text("These I keep.")


@pytest.fixture(params=["as it was", "among other files"])
def earlier(request, workspace):
    """Copy the workspace of the earlier version to the test's workspace."""
    copy_workspace(workspace)
    if request.param == "among other files":
        scatter_files(workspace)
    return workspace


def approx(scores):
    return pytest.approx(scores, abs=1e-4)


def parse_scores(printed: str) -> dict[str, float]:
    return {label: float(score) for label, score in SCORE.findall(printed)}


def parse_answers(printed: str, image_dir: Path) -> dict[str, dict[str, float]]:
    records = map(json.loads, printed.splitlines())
    return {
        Path(record["path"]).relative_to(image_dir).as_posix(): record["scores"]
        for record in records
    }


def label_picture(workspace, picture: str, model: str) -> dict[str, float]:
    flags = ["--image", str(workspace.cluster_photos / picture)]
    if model in EXPECTED["graphs"]:
        flags += ["--graph", str(workspace.root / EXPECTED["graphs"][model])]
    result = CliRunner().invoke(label_image.main, flags)
    assert result.exit_code == 0, result.output
    return parse_scores(result.stdout)


def assert_answers(answers, expected) -> None:
    assert answers.keys() == expected.keys()
    for picture, scores in expected.items():
        assert answers[picture] == approx(scores), picture


def test_models_are_listed(earlier):
    entries = list_models(earlier)
    assert [entry.id for entry in entries] == [model["id"] for model in EXPECTED["models"]]
    for entry, model in zip(entries, EXPECTED["models"], strict=True):
        if entry.id != "starter":
            assert {name: getattr(entry, name) for name in model} == model | {
                "labels": tuple(model["labels"])
            }
    assert (entries[0].id, entries[0].title) == (EXPECTED["default"], EXPECTED["title"])


@pytest.mark.parametrize("model", MODELS)
def test_label_image_gives_the_same_answers(earlier, model):
    for picture, scores in MODELS[model].items():
        answer = label_picture(earlier, picture, model)
        assert list(answer) == list(scores)
        assert answer == approx(scores)


def test_classify_gives_the_same_answers(earlier):
    result = CliRunner().invoke(cli.main, ["classify", "--json", str(earlier.cluster_photos)])
    assert result.exit_code == 0, result.output
    assert_answers(parse_answers(result.stdout, earlier.cluster_photos), EXPECTED["classify"])


@pytest.mark.parametrize("cache", ["bottlenecks", "nothing cached"])
@pytest.mark.parametrize("percentage", EXPECTED["splits"])
def test_every_picture_stays_on_its_side(earlier, percentage, cache):
    assert list_datasets(earlier) == ("cluster",)
    with CacheFile(earlier.root / cache) as file:
        index = scan_dataset(earlier.cluster_photos, file)
    assert (index.counts, index.sha256) == (EXPECTED["counts"], EXPECTED["sha256"])
    assert {file.path.name for file in index.rejected} <= {"notes.txt"}
    split = split_dataset(
        index,
        testing_percentage=float(percentage),
        validation_percentage=float(percentage),
        version=BY_FILE_NAME,
    )
    sides = {
        name: [p.path.relative_to(index.image_dir).as_posix() for p in pictures]
        for name, pictures in (
            ("training", split.training),
            ("validation", split.validation),
            ("testing", split.testing),
            ("set aside", split.set_aside),
        )
    }
    expected = EXPECTED["splits"][percentage]
    # The wording of the notes may change, the sides may not.
    assert (sides, len(split.notes)) == (expected["sides"], len(expected["notes"]))


def test_runs_are_listed(earlier):
    records = [status.to_record() for status in list_runs(earlier)]
    assert [record["id"] for record in records] == [run["id"] for run in EXPECTED["runs"]]
    for record, run in zip(records, EXPECTED["runs"], strict=True):
        assert record | run == record  # new keys are allowed


@pytest.mark.parametrize("run_id", EXPECTED["settings"])
def test_settings_of_run_load(earlier, run_id):
    settings = asdict(load_config(earlier, run_id))
    # The dataset is found in the workspace, wherever that is now.
    expected = EXPECTED["settings"][run_id] | {"image_dir": earlier.cluster_photos.as_posix()}
    for name, value in expected.items():
        received = settings[name]
        received = received.as_posix() if isinstance(received, Path) else received
        assert received == value, name
    assert settings["split_version"] == BY_FILE_NAME


def test_finished_run_loads(earlier):
    run_id, expected = RUN["finished"], EXPECTED["result"]
    status = load_status(earlier, run_id)
    assert status.state is RunState.FINISHED
    assert status.bundle in {entry.id for entry in list_models(earlier)}
    result = load_result(earlier, run_id)
    assert result.metrics.to_record() == expected["test"]
    wrong = [picture.path.as_posix() for picture in result.metrics.misclassified]
    assert wrong == expected["misclassified"]
    for picture in result.metrics.pictures:
        assert (earlier.cluster_photos / picture.path).is_file()
    assert (result.counts, list(result.notes)) == (expected["counts"], expected["notes"])
    assert (result.steps_run, result.step_kept) == (expected["steps_run"], expected["step_kept"])
    curves = [list(asdict(evaluation).values()) for evaluation in load_evaluations(earlier, run_id)]
    assert curves == EXPECTED["evaluations"]
    assert load_reviewed(earlier, run_id) == set(EXPECTED["reviewed"])
    assert "Final test accuracy" in read_log(earlier, run_id)


def test_queued_run_trains(earlier, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # its settings refer to `tf_files` in the current folder
    assert load_status(earlier, RUN["queued"]).state is RunState.QUEUED
    ended = run_job(earlier, RUN["queued"])
    assert (ended.state, ended.message) == (RunState.FINISHED, "")
    first, *others = list_models(earlier)
    assert first.id == EXPECTED["default"]  # chosen by the user, although another is newer
    assert others[0].id == ended.bundle


def test_trash_can_be_restored(earlier):
    entries = list_trash(earlier)
    assert [entry.id for entry in entries] == [entry["id"] for entry in EXPECTED["trash"]]
    for entry, expected in zip(entries, EXPECTED["trash"], strict=True):
        received = (entry.description, entry.n_files)
        assert received == (expected["description"], expected["n_files"])
        paths = [earlier.root / path for path in expected["paths"]]
        assert list(restore(OWNER, earlier, entry.id)) == paths
        assert all(path.exists() for path in paths)
    assert list_trash(earlier) == ()
    for path, sha256 in EXPECTED["trashed_sha256"].items():
        assert hashlib.sha256((earlier.root / path).read_bytes()).hexdigest() == sha256
    assert len(list_runs(earlier)) == len(EXPECTED["runs"]) + 1


def test_downloaded_addresses_are_skipped(earlier):
    addresses = tuple(EXPECTED["addresses"])
    report = download_pictures(OWNER, addresses, earlier.cluster_photos / "open clusters")
    assert (report.added, report.skipped, report.failed) == ((), addresses, ())


def test_measured_speeds_load(earlier):
    assert estimate_speed(earlier, "sky").is_measured


def test_exported_model_imports(workspace):
    with (FIXTURE / "model.zip").open("rb") as file:
        entry = import_model(OWNER, workspace, file)
    assert (entry.id, entry.title) == (EXPECTED["default"], EXPECTED["title"])
    assert entry.problem is None
    shutil.copytree(FIXTURE / "workspace" / "cluster_photos", workspace.cluster_photos)
    for picture, scores in MODELS["the model chosen"].items():
        assert label_picture(workspace, picture, "the model chosen") == approx(scores)


def test_exported_model_is_not_imported_twice(earlier):
    before = list_models(earlier)
    with (FIXTURE / "model.zip").open("rb") as file:
        assert import_model(OWNER, earlier, file) == list_models(earlier)[0]
    assert list_models(earlier) == before


def test_exported_dataset_imports(earlier):
    image_dir = dataset_dir(earlier, "imported")
    with (FIXTURE / "dataset.zip").open("rb") as file:
        report = import_archive(OWNER, earlier, image_dir, file)
    assert (report.added, report.rejected) == (EXPECTED["counts"], ())
    with CacheFile(earlier.bottlenecks) as cache:
        assert scan_dataset(image_dir, cache).sha256 == EXPECTED["sha256"]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_accept_all_earlier_flags(command):
    result = run_python("-m", *COMMANDS[command], "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert set(EXPECTED["flags"][command]) <= set(re.findall(r"--[a-z_-]*[a-z]", result.stdout))


def test_commands_give_the_same_answers(workspace):
    copy_workspace(workspace)
    picture, scores = next(iter(MODELS["the model chosen"].items()))
    image = workspace.cluster_photos / picture
    printed = run_python("-m", *COMMANDS["label_image"], f"--image={image}").stdout
    assert parse_scores(printed) == approx(scores)
    printed = run_python("-m", *COMMANDS["classify"], "--json", image).stdout
    answers = parse_answers(printed, workspace.cluster_photos)
    assert_answers(answers, {picture: EXPECTED["classify"][picture]})
