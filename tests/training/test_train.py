from __future__ import annotations

import shutil
import sqlite3
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import filelock
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cluster_core.errors import (
    ConfigError,
    DatasetError,
    ImageError,
    RunError,
)
from cluster_core.evaluation import cross_validation
from cluster_core.model.backbones.converted import find_converted
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.registry import TEST_BACKBONE
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.head.settings import Evaluation
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.storage.cache_file import FILE_NAME
from cluster_core.training import train as train_module
from cluster_core.training.events import DatasetRead, Stage, StageProgress
from cluster_core.training.locks import AT_ONCE_VARIABLE
from cluster_core.training.train import train
from cluster_core.workspace import Workspace
from tests.samples import draw_blob, not_as_root, save_picture, write_photos


def run(config, workspace):
    events = []
    return train(config, workspace, events.append), events


def list_outputs(workspace: Workspace) -> dict[str, bytes]:
    """Return every file of a workspace but its caches, locks and summaries."""
    skipped = (workspace.bottlenecks, workspace.training_summaries, workspace.backbones)
    return {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for path in workspace.root.rglob("*")
        if path.is_file() and path.suffix != ".lock" and not set(skipped) & set(path.parents)
    }


def list_leftovers(workspace: Workspace) -> list[Path]:
    return [path for path in workspace.root.rglob("*") if path.suffix in (".part", ".old")]


def test_training_learns_and_saves_a_model(config, workspace, backbone):
    result, _ = run(config, workspace)
    assert result.metrics.accuracy == 1
    assert result.metrics.n == len(result.split.testing) > 3
    loaded = load_bundle(result.folder)
    assert result.folder.parent == workspace.bundles
    np.testing.assert_array_equal(loaded.head.weights, result.bundle.head.weights)
    assert loaded.labels == ("blue stars", "red stars")
    assert loaded.dataset["sha256"] == result.index.sha256
    assert loaded.dataset["counts"] == {"blue stars": 24, "red stars": 24}
    assert loaded.metrics["test"]["n"] == result.metrics.n
    assert loaded.backbone.weights_sha256 == backbone.weights_sha256
    assert workspace.retrained_labels.read_text("utf-8") == "blue stars\nred stars\n"
    assert workspace.retrained_graph.stat().st_size > 1000
    assert list_leftovers(workspace) == []
    predictor = Predictor(loaded, workspace)
    for picture in result.split.testing:
        answer = predictor.predict_file(picture.path.read_bytes(), picture.path.name)
        assert answer.label == picture.label


def test_events_are_complete_and_in_order(config, workspace, backbone):
    result, events = run(config, workspace)
    stages = [event.stage for event in events if isinstance(event, StageProgress)]
    assert [stage for stage, _ in groupby(stages)] == list(Stage)
    reading, computing = (
        [(e.done, e.total) for e in events if isinstance(e, StageProgress) and e.stage is stage]
        for stage in (Stage.READING, Stage.BOTTLENECKS)
    )
    # Half a file is done when its hash is known, which is the case for many at once.
    assert reading == sorted(reading)
    assert {done for done, _ in reading} == set(range(24, 49))
    total = 48 - len(result.split.set_aside)
    assert computing == [(done, total) for done in range(1, total + 1)]
    (read,) = (event for event in events if isinstance(event, DatasetRead))
    assert (read.index, read.split) == (result.index, result.split)
    steps = [event.step for event in events if isinstance(event, Evaluation)]
    assert steps == [0, 10, 20, 30, 40, 50, 59]
    first_evaluation = next(n for n, event in enumerate(events) if isinstance(event, Evaluation))
    assert events.index(read) < events.index(StageProgress(Stage.TRAINING)) < first_evaluation


@pytest.mark.parametrize(
    "changes", [{}, {"sky_views": True}, {"flip_left_right": True, "random_crop": 10}]
)
def test_same_seed_gives_the_same_model_with_or_without_cache(
    config, tmp_path, converted_once, changes
):
    config = replace(config, **changes)
    results = []
    for name in ("one", "other", "other"):
        workspace = Workspace(tmp_path / name)
        results.append(run(config, workspace)[0])
    for result in results[1:]:
        np.testing.assert_array_equal(result.bundle.head.weights, results[0].bundle.head.weights)
        np.testing.assert_array_equal(result.bundle.head.bias, results[0].bundle.head.bias)
        assert result.bundle.head.temperature == results[0].bundle.head.temperature
        assert result.metrics == results[0].metrics
    assert len({result.folder for result in results}) == 3
    other = run(replace(config, seed=1), workspace)[0]
    assert not np.array_equal(other.bundle.head.weights, results[0].bundle.head.weights)


def test_unusable_pictures_are_listed_and_skipped(config, workspace, backbone, tmp_path):
    photos = write_photos(tmp_path / "photos", 12)
    (photos / "red stars" / "empty.png").touch()
    (photos / "red stars" / "page.jpg").write_text("<html>")
    cut = save_picture(photos / "blue stars" / "cut.jpg", draw_blob(1))
    cut.write_bytes(cut.read_bytes()[:300])
    result, _ = run(replace(config, image_dir=photos), workspace)
    assert sorted(file.path.name for file in result.index.rejected) == [
        "cut.jpg",
        "empty.png",
        "page.jpg",
    ]
    assert result.bundle.dataset["rejected"] == 3
    assert result.bundle.dataset["counts"] == {"blue stars": 12, "red stars": 12}


def test_no_accuracy_is_reported_without_a_final_test(config, workspace, backbone):
    result, _ = run(replace(config, testing_percentage=0, validation_percentage=0), workspace)
    assert (result.metrics.n, result.metrics.interval) == (0, (0, 1))
    assert len(result.split.training) == 48
    assert result.bundle.head.temperature == 1
    assert load_bundle(result.folder).metrics["test"]["n"] == 0


@pytest.mark.parametrize(("batch_size", "n"), [(-1, None), (4, 4), (1000, None)])
def test_final_test_uses_test_batch_size_pictures(config, workspace, backbone, batch_size, n):
    result, _ = run(replace(config, test_batch_size=batch_size), workspace)
    assert result.metrics.n == (n or len(result.split.testing))


def test_copies_of_a_picture_stay_on_one_side(config, workspace, backbone, tmp_path):
    photos = write_photos(tmp_path / "photos", 12)
    for number in range(6):
        save_picture(photos / "red stars" / f"copy {number}.png", draw_blob(0, (250, 80, 60)))
    result, _ = run(replace(config, image_dir=photos), workspace)
    used = (*result.split.training, *result.split.validation, *result.split.testing)
    sides = {
        side
        for side in ("training", "validation", "testing")
        for picture in getattr(result.split, side)
        if picture.path.name.startswith("copy")
    }
    assert len(sides) == 1
    assert len(used) + len(result.split.set_aside) == 30


def test_intermediate_graphs_are_saved_at_the_configured_interval(config, workspace, backbone):
    run(replace(config, intermediate_store_frequency=25), workspace)
    names = sorted(path.name for path in workspace.intermediate_graphs.iterdir())
    assert names == ["intermediate_25.pb", "intermediate_50.pb"]
    graph = tf.compat.v1.GraphDef.FromString(
        (workspace.intermediate_graphs / names[0]).read_bytes()
    )
    assert {"input", "final_result"} <= {node.name for node in graph.node}


def test_tensorboard_can_read_the_summaries(config, workspace, backbone):
    for _ in range(2):  # the second replaces the summaries of the first
        _, events = run(config, workspace)
    evaluations = [event for event in events if isinstance(event, Evaluation)]
    for side in ("train", "validation"):
        folder = workspace.training_summaries / "random" / side
        assert len(list(folder.iterdir())) == 1
        board = EventAccumulator(str(folder))
        board.Reload()
        assert set(board.Tags()["scalars"]) == {"accuracy", "cross_entropy"}
        for tag in ("accuracy", "cross_entropy"):
            expected = [(e.step, getattr(e, f"{side}_{tag}")) for e in evaluations]
            found = [(point.step, point.value) for point in board.Scalars(tag)]
            assert found == [(step, pytest.approx(value, rel=1e-5)) for step, value in expected]
        assert board.Tags()["graph"] == (side == "train")
        if side == "train":
            graph = tf.compat.v1.GraphDef.FromString(board.Graph().SerializeToString())
            assert "final_result" in {node.name for node in graph.node}


def test_outputs_go_to_the_configured_paths(config, workspace, backbone, tmp_path):
    paths = {
        "output_graph": tmp_path / "a" / "graph.pb",
        "output_labels": tmp_path / "b" / "labels.txt",
        "summaries_dir": tmp_path / "c",
        "bottleneck_dir": tmp_path / "d",
        "intermediate_output_graphs_dir": tmp_path / "e",
        "saved_model_dir": tmp_path / "f",
        "model_dir": tmp_path / "g",
    }
    run(replace(config, **paths, intermediate_store_frequency=30), workspace)
    for name, path in paths.items():
        assert path.exists() or name == "model_dir"
    assert not workspace.retrained_graph.exists()
    assert not workspace.bottlenecks.exists()
    assert not workspace.training_summaries.exists()
    run(replace(config, **paths), workspace)  # an older SavedModel may be replaced
    assert list_leftovers(workspace) == []


@pytest.mark.parametrize("kind", ["a file", "a folder with other things"])
def test_saved_model_does_not_replace_other_files(config, workspace, tmp_path, kind):
    precious = tmp_path / "precious"
    if kind == "a file":
        precious.write_text("thesis")
    else:
        save_picture(precious / "a.png", draw_blob(0))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError) as caught:
        run(replace(config, saved_model_dir=precious), workspace)
    assert caught.value.field == "saved_model_dir"
    assert sorted(path for path in tmp_path.rglob("*") if precious in (path, *path.parents)) == [
        path for path in before if precious in (path, *path.parents)
    ]


@pytest.mark.parametrize("name", ["output_graph", "output_labels"])
def test_output_file_that_is_a_folder_is_reported_first(config, workspace, tmp_path, name):
    with pytest.raises(ConfigError) as caught:
        run(replace(config, **{name: tmp_path}), workspace)
    assert caught.value.field == name


@pytest.mark.parametrize(
    "name",
    [
        "output_graph",
        "output_labels",
        "summaries_dir",
        "bottleneck_dir",
        "intermediate_output_graphs_dir",
        "saved_model_dir",
    ],
)
def test_impossible_path_is_reported_and_keeps_old_outputs(config, trained, tmp_path, name):
    (tmp_path / "file").write_text("not a folder")
    before = list_outputs(trained)
    config = replace(config, **{name: tmp_path / "file" / "below"}, intermediate_store_frequency=30)
    with pytest.raises(RunError) as caught:
        run(config, trained)
    assert str(tmp_path / "file") in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    after = list_outputs(trained)
    if name == "saved_model_dir":  # checked last, when the rest is written
        assert before.keys() <= after.keys()
    else:
        assert after == before
    assert list_leftovers(trained) == []


def test_workspace_that_is_a_file_is_reported(config, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file"):
        run(config, Workspace(tmp_path / "file"))


@not_as_root
def test_write_protected_workspace_is_reported(config, tmp_path):
    folder = tmp_path / "read only"
    folder.mkdir(mode=0o500)
    with pytest.raises(RunError, match="cannot be written to"):
        run(config, Workspace(folder))


def test_unwritable_event_file_is_reported(config, trained, monkeypatch):
    # A folder has the name of the event file.
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    before = list_outputs(trained)
    name = "events.out.tfevents.1.cluster-lab"
    folder = trained.training_summaries / "random" / "train"
    for old in folder.iterdir():
        old.unlink()
    glob = Path.glob

    def find_no_event_files(path, pattern, **options):
        return iter(()) if "tfevents" in str(pattern) else glob(path, pattern, **options)

    monkeypatch.setattr(Path, "glob", find_no_event_files)
    (folder / name).mkdir()
    with pytest.raises(RunError, match="could not be read or written"):
        run(config, trained)
    monkeypatch.undo()
    assert list_outputs(trained) == before


def fail_at_write(monkeypatch, number: int, counter: list[int]) -> None:
    """Simulate a full disk halfway through the file with this number, counted from 1."""

    def make(write):
        def write_some(path, content, *rest):
            counter[0] += 1
            if counter[0] == number:
                write(path, content[: len(content) // 2], *rest)
                raise OSError(28, "No space left on device", str(path))
            return write(path, content, *rest)

        return write_some

    monkeypatch.setattr(Path, "write_bytes", make(Path.write_bytes))


def test_full_disk_is_reported_and_damages_no_file(config, trained, monkeypatch):
    before = list_outputs(trained)
    changed = replace(config, seed=3, intermediate_store_frequency=30)
    counter = [0]
    with monkeypatch.context() as patch:
        fail_at_write(patch, -1, counter)
        run(changed, trained)
    n_writes = counter[0]
    assert n_writes >= 3
    whole = list_outputs(trained)
    for number in range(1, n_writes + 1):
        old = list_outputs(trained)
        with monkeypatch.context() as patch:
            fail_at_write(patch, number, [0])
            with pytest.raises(RunError, match="No space left on device") as caught:
                run(replace(changed, seed=4 + number), trained)
        assert "make sure that the disk has room" in str(caught.value)
        assert list_leftovers(trained) == []
        new = list_outputs(trained)
        assert new.keys() >= old.keys()
        for folder in trained.bundles.iterdir():
            load_bundle(folder)
        tf.compat.v1.GraphDef.FromString(trained.retrained_graph.read_bytes())
    assert before.keys() <= whole.keys()


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("stage", list(Stage))
def test_exception_at_any_stage_keeps_old_outputs_and_no_drafts(config, trained, kind, stage):
    before = list_outputs(trained)

    def stop(event):
        if isinstance(event, StageProgress) and event.stage is stage:
            raise kind

    with pytest.raises(kind):
        train(replace(config, seed=9), trained, stop)
    assert list_outputs(trained) == before
    assert list_leftovers(trained) == []
    train(config, trained, lambda event: None)  # the lock is free again


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
def test_training_with_numbers_that_are_not_finite_saves_nothing(
    config, trained, monkeypatch, value
):
    before = list_outputs(trained)
    shutil.rmtree(trained.bottlenecks)
    extract = LiteRTExtractor.extract
    events = []
    with monkeypatch.context() as patch:
        patch.setattr(LiteRTExtractor, "extract", lambda *args: np.full_like(extract(*args), value))
        with pytest.raises(RunError, match=r"not finite|no longer finite"):
            train(config, trained, events.append)
    losses = [event.train_cross_entropy for event in events if isinstance(event, Evaluation)]
    assert np.isfinite(losses).all()
    assert list_outputs(trained) == before
    assert list_leftovers(trained) == []
    run(config, trained)  # nothing of it is left in the cache


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("has_checksum", [True, False])
def test_damaged_row_of_the_cache_does_not_change_the_model(
    config, trained, caplog, value, has_checksum
):
    expected, _ = run(config, trained)
    with closing(sqlite3.connect(trained.bottlenecks / FILE_NAME)) as connection, connection:
        rowid, row = connection.execute("SELECT rowid, features FROM bottlenecks").fetchone()
        damaged = np.float32(value).tobytes() + row[4 : len(row) if has_checksum else 48 * 4]
        connection.execute("UPDATE bottlenecks SET features = ? WHERE rowid = ?", (damaged, rowid))
    result, _ = run(config, trained)
    assert "are computed again: 1" in caplog.text
    np.testing.assert_array_equal(result.bundle.head.weights, expected.bundle.head.weights)
    assert result.metrics == expected.metrics


def test_second_concurrent_training_is_refused(config, trained):
    before = list_outputs(trained)
    with (
        filelock.FileLock(trained.training_lock),
        pytest.raises(RunError, match="Another training is running") as caught,
    ):
        run(config, trained)
    assert str(trained.root) in str(caught.value)
    assert list_outputs(trained) == before
    run(config, trained)


def test_training_takes_the_first_free_lock(config, trained, monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "3")
    locks = [filelock.FileLock(path) for path in trained.list_training_locks(3)]
    assert locks[0].lock_file == str(trained.training_lock)
    with locks[0], locks[2]:
        run(config, trained)
        with (
            locks[1],
            pytest.raises(
                RunError, match=r"Three other trainings are running in .* which is the limit"
            ),
        ):
            run(config, trained)


def test_concurrent_trainings_do_not_interfere(config, workspace, monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    folders = [workspace.training_summaries / name for name in ("a", "b")]
    configs = [replace(config, seed=number, summaries_dir=folders[number]) for number in range(2)]
    meeting = threading.Barrier(2, timeout=30)

    def meet(event):
        # Both convert the network at the same time, and both save at the same time.
        if isinstance(event, StageProgress) and event.stage in (Stage.BACKBONE, Stage.SAVING):
            meeting.wait()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda config: train(config, workspace, meet), configs))
    assert results[0].folder != results[1].folder
    assert {path.name for path in workspace.bundles.iterdir()} == {r.folder.name for r in results}
    for result, folder in zip(results, folders, strict=True):
        assert load_bundle(result.folder).head.weights.shape == result.bundle.head.weights.shape
        assert result.metrics.accuracy == 1
        for side in ("train", "validation"):
            assert len(list((folder / side).iterdir())) == 1
    find_converted(TEST_BACKBONE, workspace.backbones).read_graph()
    tf.compat.v1.GraphDef.FromString(workspace.retrained_graph.read_bytes())
    assert list_leftovers(workspace) == []


def test_graph_and_labels_belong_to_the_same_training(config, trained):
    before = list_outputs(trained)

    def hold(event):
        if isinstance(event, StageProgress) and event.stage is Stage.SAVING:
            is_saving.set()

    is_saving = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with filelock.FileLock(trained.export_lock):
            training = pool.submit(train, replace(config, seed=9), trained, hold)
            assert is_saving.wait(30)
            time.sleep(0.3)
            assert list_outputs(trained)["retrained_graph.pb"] == before["retrained_graph.pb"]
        training.result(timeout=30)
    assert list_outputs(trained)["retrained_graph.pb"] != before["retrained_graph.pb"]


def test_summaries_of_an_active_training_are_not_replaced(config, trained, monkeypatch):
    monkeypatch.setenv(AT_ONCE_VARIABLE, "2")
    folder = trained.training_summaries / "random"
    before = sorted(folder.rglob("events*"))

    def start_another(event):
        if isinstance(event, StageProgress) and event.stage is Stage.BACKBONE:
            with pytest.raises(RunError, match=r"writes its summaries to .*--summaries_dir"):
                run(config, trained)
            found.append(sorted(folder.rglob("events*")))

    found = []
    train(config, trained, start_another)
    assert found == [before]


def test_lock_is_released_after_an_error(config, workspace, backbone):
    for _ in range(2):
        with pytest.raises(DatasetError, match="There is no folder"):
            run(replace(config, image_dir=workspace.root / "nowhere"), workspace)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({}, "There are no pictures"),
        ({"a": 5}, "only one class"),
        ({"a": 5, "b": 0}, "The class b .* has 0 usable pictures"),
        ({"a": 5, "b": 2}, "The class b .* has 2 usable pictures"),
    ],
)
def test_unusable_dataset_is_reported(config, workspace, backbone, tmp_path, counts, message):
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, (label, count) in enumerate(counts.items()):
        (photos / label).mkdir()
        for picture in range(count):
            save_picture(photos / label / f"{picture}.png", draw_blob(100 * number + picture))
    with pytest.raises(DatasetError, match=message):
        run(replace(config, image_dir=photos), workspace)


def test_picture_deleted_during_training_is_named(config, workspace, backbone, tmp_path):
    photos = write_photos(tmp_path / "photos", 12)

    def remove(event):
        if isinstance(event, DatasetRead):
            event.split.training[0].path.unlink()

    with pytest.raises(ImageError, match="field"):
        train(replace(config, image_dir=photos), workspace, remove)


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 100.0},
        {"learning_rate": 1.0, "weight_decay": 1.0},
        {"train_batch_size": 1, "learning_rate": 100.0, "early_stopping": False},
    ],
)
def test_extreme_learning_rates_give_a_model_that_loads(config, workspace, backbone, changes):
    result, _ = run(replace(config, **changes, how_many_training_steps=300), workspace)
    load_bundle(result.folder)


@pytest.mark.parametrize("field", ["summaries_dir", "saved_model_dir"])
def test_folder_that_cannot_be_made_is_reported_before_any_computation(
    workspace, config, tmp_path, field
):
    (tmp_path / "file").write_text("not a folder")
    events = []
    with pytest.raises(RunError, match="could not be made"):
        train(replace(config, **{field: tmp_path / "file" / "a" / "b"}), workspace, events.append)
    assert events == []


def test_views_to_learn_from_are_given_up_before_the_evaluation(
    config, workspace, backbone, monkeypatch
):
    """They would be most of the memory that the training of a large dataset takes."""
    examples, alive = [], []
    compute, evaluate = train_module.compute_examples, train_module.evaluate_training

    def watch(*args):
        found = compute(*args)
        examples.append(weakref.ref(found.training.features.base))
        return found

    def spy(sample, *args):
        alive.append(examples[0]() is not None)
        alive.append(len(sample.features) > cross_validation.MAX_PICTURES)
        return evaluate(sample, *args)

    monkeypatch.setattr(cross_validation, "MAX_PICTURES", 20)
    monkeypatch.setattr(train_module, "compute_examples", watch)
    monkeypatch.setattr(train_module, "evaluate_training", spy)
    result = train(replace(config, flip_left_right=True), workspace)
    assert alive == [False, False]
    assert result.evaluation.cross_validation.n_in_dataset == 48


def test_model_is_saved_before_the_evaluation(config, workspace, backbone, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(train_module, "evaluate_training", fail)
    with pytest.raises(MemoryError):
        train(config, workspace)
    (folder,) = workspace.bundles.iterdir()
    assert load_bundle(folder).labels
