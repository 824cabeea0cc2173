"""Tests of run folders: submitted, read, stopped, deleted and damaged runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.errors import AccessError, RunError
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.trash import restore
from cluster_core.training.config import TrainConfig
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.runs import (
    RunResult,
    RunState,
    delete_run,
    find_queue_position,
    list_runs,
    load_config,
    load_evaluations,
    load_result,
    load_reviewed,
    load_status,
    read_log,
    request_stop,
    submit_run,
)
from cluster_core.training.runs.folder import (
    DISCARD,
    KEEP_BEST,
    LOG,
    STATUS,
    read_stop_request,
    save_status,
)
from cluster_core.training.runs.records import (
    CONFIG,
    EVALUATIONS,
    REVIEWED,
    EvaluationReader,
    format_evaluation,
)
from cluster_core.training.runs.results import RESULT, save_result
from cluster_core.workspace import Workspace
from tests.samples import OWNER, VISITOR, not_as_root

EVALUATION = Evaluation(10, 0.5, 0.7, 0.75, 0.6, 8)
WITHOUT_VALIDATION = Evaluation(20, 0.5, 0.7, None, None, 0)
ODD_IDS = ["", ".", "..", "../runs", "20260101-000000-000000-abcd", "a/b", "x" * 500, "<script>"]


@pytest.fixture
def run(workspace, config):
    return submit_run(OWNER, workspace, config)


def folder_of(workspace, status) -> Path:
    return workspace.runs / status.id


def test_submitted_run_is_queued(workspace, config):
    status = submit_run(OWNER, workspace, replace(config, image_dir=workspace.root / "dog_photos"))
    assert load_status(workspace, status.id) == status
    assert (status.state, status.attempts, status.bundle) == (RunState.QUEUED, 0, None)
    assert (status.dataset, status.architecture) == ("dog", "random")
    assert not status.state.is_over
    assert list_runs(workspace) == (status,)
    assert load_evaluations(workspace, status.id) == ()
    assert load_result(workspace, status.id) is None
    assert read_log(workspace, status.id) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sky_views": True, "learning_rate": 0.25, "final_tensor_name": "a/b"},
        {"output_graph": Path("somewhere/graph.pb"), "summaries_dir": Path("näher"), "seed": 7},
        {"image_dir": Path("odd \udcff name")},
    ],
)
def test_settings_round_trip(workspace, config, changes):
    config = replace(config, **changes)
    status = submit_run(OWNER, workspace, config)
    # Every run has its own folders.
    own = {
        "summaries_dir": workspace.training_summaries / status.id,
        "intermediate_output_graphs_dir": workspace.intermediate_graphs / status.id,
    }
    assert load_config(workspace, status.id) == replace(config, **own)


def test_moved_workspace_keeps_its_datasets(workspace, config, tmp_path):
    (workspace.root / "stars_photos").mkdir(parents=True)
    status = submit_run(
        OWNER, workspace, replace(config, image_dir=workspace.root / "stars_photos")
    )
    moved = Workspace(tmp_path / "elsewhere")
    workspace.root.rename(moved.root)
    assert load_config(moved, status.id).image_dir == moved.root / "stars_photos"


def test_runs_are_listed_newest_first_and_queued_in_order_of_submission(workspace, config):
    runs = [submit_run(OWNER, workspace, config) for _ in range(4)]
    assert list_runs(workspace) == tuple(reversed(runs))
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 1, 2, 3]
    save_status(workspace, replace(runs[0], state=RunState.RUNNING))
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 1, 2, 3]
    save_status(workspace, replace(runs[0], state=RunState.FAILED))
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 0, 1, 2]


def test_queue_position_with_two_concurrent_trainings(workspace, config, monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    runs = [submit_run(OWNER, workspace, config) for _ in range(4)]
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 0, 2, 3]
    save_status(workspace, replace(runs[1], state=RunState.RUNNING))
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 0, 2, 3]
    save_status(workspace, replace(runs[0], state=RunState.FAILED))
    assert [find_queue_position(workspace, status.id) for status in runs] == [0, 0, 0, 2]


def test_list_is_empty_without_runs(workspace):
    assert list_runs(workspace) == ()
    workspace.runs.mkdir(parents=True)
    (workspace.runs / "notes.txt").touch()
    assert list_runs(workspace) == ()


@pytest.mark.parametrize("run_id", ODD_IDS)
@pytest.mark.parametrize(
    "call",
    [
        load_status,
        load_config,
        load_evaluations,
        load_result,
        load_reviewed,
        read_log,
        lambda workspace, run_id: delete_run(OWNER, workspace, run_id),
        find_queue_position,
        lambda workspace, run_id: request_stop(OWNER, workspace, run_id, True),
    ],
)
def test_unknown_id_is_reported(workspace, run, run_id, call):
    (workspace.root / CONFIG).write_text("{}")
    with pytest.raises(RunError, match="There is no training") as caught:
        call(workspace, run_id)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"state": "running"}',
        '{"state": "flying"}',
        b"\xff\xfe\x00",
        "nested",
        '{"done": "x"}',
        '{"exit_code": true}',
        '{"id": "../../etc"}',
    ],
)
def test_damaged_status_is_reported_as_failed_run(workspace, run, content):
    path = folder_of(workspace, run) / STATUS
    if content == "nested":
        content = "[" * 100_000
    if isinstance(content, str) and content.startswith('{"') and "state" not in content:
        content = json.dumps({**json.loads(path.read_text()), **json.loads(content)})
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    status = load_status(workspace, run.id)
    assert (status.id, status.state) == (run.id, RunState.FAILED)
    assert "damaged" in status.message
    assert list_runs(workspace) == (status,)
    delete_run(OWNER, workspace, run.id)
    assert list_runs(workspace) == ()


@pytest.mark.parametrize("content", ["", "[]", '{"image_dir": 3}', '{"odd": 1}', None])
def test_damaged_settings_are_reported(workspace, run, content):
    path = folder_of(workspace, run) / CONFIG
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(RunError, match="cannot be read"):
        load_config(workspace, run.id)


def test_stopped_queued_run_is_discarded_at_once(workspace, config):
    runs = [submit_run(OWNER, workspace, config) for _ in range(2)]
    request_stop(OWNER, workspace, runs[0].id, keep_best=True)
    status = load_status(workspace, runs[0].id)
    assert status.state is RunState.DISCARDED
    assert status.ended
    assert find_queue_position(workspace, runs[1].id) == 0
    with pytest.raises(RunError, match="already ended"):
        request_stop(OWNER, workspace, runs[0].id, keep_best=True)


@pytest.mark.parametrize(("keep_best", "request_"), [(True, KEEP_BEST), (False, DISCARD)])
def test_stopping_an_active_run_only_requests_a_stop(workspace, run, keep_best, request_):
    save_status(workspace, replace(run, state=RunState.RUNNING))
    assert read_stop_request(folder_of(workspace, run)) is None
    request_stop(OWNER, workspace, run.id, keep_best)
    assert load_status(workspace, run.id).state is RunState.RUNNING
    assert read_stop_request(folder_of(workspace, run)) == request_


def test_only_an_ended_run_can_be_deleted_and_restored(workspace, run):
    with pytest.raises(RunError, match="has not ended"):
        delete_run(OWNER, workspace, run.id)
    save_status(workspace, replace(run, state=RunState.RUNNING))
    with pytest.raises(RunError, match="has not ended"):
        delete_run(OWNER, workspace, run.id)
    request_stop(OWNER, workspace, run.id, keep_best=False)
    save_status(workspace, replace(run, state=RunState.DISCARDED))
    entry = delete_run(OWNER, workspace, run.id)
    assert list_runs(workspace) == ()
    restore(OWNER, workspace, entry.id)
    assert load_status(workspace, run.id).state is RunState.DISCARDED


def test_public_demo_refuses_changes(workspace, run, config):
    save_status(workspace, replace(run, state=RunState.RUNNING))
    before = sorted(workspace.root.rglob("*"))
    for change in (
        lambda: submit_run(VISITOR, workspace, config),
        lambda: request_stop(VISITOR, workspace, run.id, False),
        lambda: delete_run(VISITOR, workspace, run.id),
    ):
        with pytest.raises(AccessError):
            change()
    assert sorted(workspace.root.rglob("*")) == before
    assert load_status(workspace, run.id).state is RunState.RUNNING


def test_only_complete_lines_of_evaluations_are_read(workspace, run):
    path = folder_of(workspace, run) / EVALUATIONS
    lines = format_evaluation(EVALUATION) + format_evaluation(WITHOUT_VALIDATION)
    reader = EvaluationReader(workspace, run.id)
    assert reader.read() == ()
    path.write_text(lines + "[30, 0.5")
    assert load_evaluations(workspace, run.id) == (EVALUATION, WITHOUT_VALIDATION)
    assert reader.read() == (EVALUATION, WITHOUT_VALIDATION)
    path.write_text(lines + format_evaluation(replace(EVALUATION, step=30)))
    assert [evaluation.step for evaluation in reader.read()] == [10, 20, 30]
    path.write_text(format_evaluation(EVALUATION))  # the run was restarted
    assert reader.read() == (EVALUATION,)
    path.write_text("{}\nodd\n")
    assert load_evaluations(workspace, run.id) == ()


def test_reader_reads_only_new_lines(workspace, run):
    path = folder_of(workspace, run) / EVALUATIONS
    path.write_text(format_evaluation(EVALUATION) * 1000)
    reader = EvaluationReader(workspace, run.id)
    assert len(reader.read()) == 1000
    damaged = path.read_bytes().replace(b"0.75", b"XXXX")
    path.write_bytes(damaged + format_evaluation(WITHOUT_VALIDATION).encode())
    assert len(reader.read()) == 1001  # earlier lines are not read again


def test_result_round_trip(workspace, run, tmp_path):
    name = "odd \udcff name.png"
    pictures = (TestedPicture(tmp_path / "red" / name, "f" * 64, "red", "blue", 0.75),)
    result = RunResult(
        Metrics(("blue", "red"), pictures),
        {"training": {"blue": 3, "red": 2}},
        (("red/x.txt", "is no picture."),),
        ("A note.",),
        60,
        40,
    )
    save_result(folder_of(workspace, run), result, tmp_path)
    loaded = load_result(workspace, run.id)
    relative = replace(pictures[0], path=Path("red", name))
    assert loaded == replace(result, metrics=Metrics(("blue", "red"), (relative,)))
    (folder_of(workspace, run) / RESULT).write_text("{")
    assert load_result(workspace, run.id) is None


def test_mistakes_reviewed_in_version_0_1_are_remembered(workspace, run):
    assert load_reviewed(workspace, run.id) == frozenset()
    (folder_of(workspace, run) / REVIEWED).write_text(json.dumps(["a" * 64, "b" * 64]))
    assert load_reviewed(workspace, run.id) == {"a" * 64, "b" * 64}
    (folder_of(workspace, run) / REVIEWED).write_text("{")
    assert load_reviewed(workspace, run.id) == frozenset()


def test_log_end_is_read_despite_invalid_utf_8(workspace, run):
    (folder_of(workspace, run) / LOG).write_bytes(b"x" * 100_000 + b"\xff the end")
    assert read_log(workspace, run.id, max_bytes=9) == "� the end"


@not_as_root
def test_write_protected_folder_is_reported(workspace, config):
    workspace.runs.mkdir(parents=True)
    workspace.runs.chmod(0o500)
    try:
        with pytest.raises(RunError, match="could not be saved"):
            submit_run(OWNER, workspace, config)
    finally:
        workspace.runs.chmod(0o700)


def test_full_disk_is_reported_and_leaves_no_partial_run(workspace, config, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(RunError, match="No space left on device"):
        submit_run(OWNER, workspace, config)
    monkeypatch.undo()
    assert list(workspace.runs.iterdir()) == []


def test_all_path_settings_are_typed_as_paths():
    assert {"Path", "Path | None"} >= {
        str(field.type)
        for field in TrainConfig.__dataclass_fields__.values()
        if field.name.endswith(("_dir", "_graph", "_labels"))
    }
