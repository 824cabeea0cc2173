"""Property: any value in any field of a run's files gives a value, or an error of this program."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster_core.errors import RunError
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.insight.differences import find_differences
from cluster_core.training.runs import (
    RunResult,
    RunState,
    delete_run,
    list_runs,
    load_config,
    load_evaluations,
    load_result,
    load_reviewed,
    load_status,
    submit_run,
)
from cluster_core.training.runs.folder import STATUS, STOP_REQUEST, read_stop_request
from cluster_core.training.runs.records import (
    CONFIG,
    EVALUATIONS,
    REVIEWED,
    format_evaluation,
    write_config,
)
from cluster_core.training.runs.results import RESULT, save_result
from tests.fuzz.json_values import make_damaged_texts
from tests.samples import OWNER

EVALUATION = Evaluation(10, 0.5, 0.7, 0.75, 0.6, 8)
QUICK = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def run(workspace, config, tmp_path):
    """Return a run that has all of its files, and its folder."""
    status = submit_run(OWNER, workspace, config)
    folder = workspace.runs / status.id
    tested = TestedPicture(tmp_path / "red" / "a.png", "f" * 64, "red", "blue", 0.75)
    metrics = Metrics(("blue", "red"), (tested,))
    counts = {"training": {"blue": 3, "red": 2}}
    result = RunResult(metrics, counts, (("red/x.txt", "is no picture."),), ("A note.",), 60, 40)
    save_result(folder, result, tmp_path)
    (folder / EVALUATIONS).write_text(format_evaluation(EVALUATION) * 2)
    (folder / REVIEWED).write_text(json.dumps(["a" * 64]))
    return status


def damage(data: st.DataObject, path: Path) -> None:
    original = path.with_name(f"{path.name}.original")
    if not original.exists():
        original.write_bytes(path.read_bytes())
    text = data.draw(make_damaged_texts(original.read_text("utf-8")))
    path.write_text(text, "utf-8", "surrogatepass")


@QUICK
@given(data=st.data())
def test_damaged_status_hides_no_run(workspace, config, run, data):
    damage(data, workspace.runs / run.id / STATUS)
    (status,) = list_runs(workspace)
    assert (status.id, status.done >= 0, status.total >= 0) == (run.id, True, True)
    for time in (status.created, status.started, status.ended):
        if time:
            datetime.fromisoformat(time).astimezone(UTC)
    if status.state is RunState.FAILED and "damaged" in status.message:
        assert status.dataset == ""


@QUICK
@given(data=st.data())
def test_damaged_settings_are_valid_or_reported(workspace, config, run, data):
    damage(data, workspace.runs / run.id / CONFIG)
    try:
        loaded = load_config(workspace, run.id)
    except RunError:
        return
    find_differences({"one": loaded, "other": config})
    assert json.loads(json.dumps(write_config(loaded))) == write_config(loaded)
    loaded.image_dir.exists()


@QUICK
@given(data=st.data())
def test_damaged_result_is_valid_or_missing(workspace, run, data):
    damage(data, workspace.runs / run.id / RESULT)
    result = load_result(workspace, run.id)
    if result is not None:
        assert sum(map(sum, result.metrics.confusion)) == result.metrics.n
        assert sum(one.n for one in result.metrics.classes) == result.metrics.n
        assert len(result.metrics.misclassified) <= result.metrics.n
        assert not any(picture.path.is_absolute() for picture in result.metrics.pictures)


@QUICK
@given(data=st.data())
def test_damaged_evaluations_are_left_out(workspace, run, data):
    damage(data, workspace.runs / run.id / EVALUATIONS)
    for evaluation in load_evaluations(workspace, run.id):
        json.dumps(format_evaluation(evaluation), allow_nan=False)


@QUICK
@given(data=st.data())
def test_damaged_reviews_count_as_texts_or_none(workspace, run, data):
    damage(data, workspace.runs / run.id / REVIEWED)
    assert all(isinstance(sha256, str) for sha256 in load_reviewed(workspace, run.id))


@pytest.mark.parametrize(
    ("file", "field", "value"),
    [
        (STATUS, "created", "yesterday"),
        (STATUS, "created", "0001-01-01T00:00:00+23:59"),
        (STATUS, "started", "2026-02-30"),
        (STATUS, "done", -1),
        (STATUS, "total", 10**400),
        (CONFIG, "testing_percentage", 10**400),
        (CONFIG, "flip_left_right", [1]),
        (CONFIG, "seed", 1.5),
        (CONFIG, "image_dir", "a\0b"),
        (RESULT, "labels", [["a"], ["b"]]),
        (RESULT, "labels", ["blue"]),
        (RESULT, "counts", {"training": {"blue": "x"}}),
        (RESULT, "steps_run", "x"),
        (RESULT, "pictures", [["../../x.png", "f", "red", "blue", 0.5]]),
        (RESULT, "pictures", [["x.png", "f", "red", "blue", float("nan")]]),
    ],
)
def test_field_with_an_impossible_value_is_noticed(workspace, run, file, field, value):
    path = workspace.runs / run.id / file
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    if file == STATUS:
        assert "damaged" in load_status(workspace, run.id).message
        delete_run(OWNER, workspace, run.id)
    elif file == CONFIG:
        with pytest.raises(RunError, match="cannot be read"):
            load_config(workspace, run.id)
    else:
        assert load_result(workspace, run.id) is None


def test_run_whose_name_is_not_a_time_hides_no_other(workspace, run):
    folder = workspace.runs / "99999999-999999-999999-abcd"
    folder.mkdir()
    (other, known) = list_runs(workspace)
    assert (other.state, other.created[:4], known.id) == (RunState.FAILED, "1970", run.id)
    delete_run(OWNER, workspace, other.id)
    assert [status.id for status in list_runs(workspace)] == [run.id]


def test_damaged_line_hides_no_other_evaluation(workspace, run):
    line = format_evaluation(EVALUATION)
    for odd in ('[10, 0.5, "x", 0.7, 0.6, 8]\n', "[1, NaN, 1, 1, 1, 1]\n", "7\n", "\u2028\n"):
        (workspace.runs / run.id / EVALUATIONS).write_text(line + odd + line, "utf-8")
        assert load_evaluations(workspace, run.id) == (EVALUATION, EVALUATION)


def test_stop_request_that_is_not_text_discards_the_run(workspace, run):
    (workspace.runs / run.id / STOP_REQUEST).write_bytes(b"\xff\xfe")
    assert read_stop_request(workspace.runs / run.id) == "discard"
