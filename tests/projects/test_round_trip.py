"""Save a workspace as a file, and load it here and elsewhere."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import pytest

from cluster_core.access import Access, Action
from cluster_core.data.catalog import choose_default, list_datasets
from cluster_core.data.confirmed_labels import load_confirmed
from cluster_core.errors import AccessError, ProjectError
from cluster_core.labelling.queues import find_queue, list_queues
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.export.web import PageText
from cluster_core.projects.loading import load_project, preview_project, undo_load
from cluster_core.projects.saving import save_project, stream_project
from cluster_core.publishing.store import list_published, publish
from cluster_core.storage.trash import restore
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.folder import list_runs, submit_run
from cluster_core.training.runs.records import load_config, load_evaluations
from tests.projects.conftest import finish_run
from tests.samples import draw_blob, save_picture

OWNER = Access.owner()
VISITOR = Access("visitor", frozenset())


def list_files(workspace, *kinds):
    """Return the content of all files of some folders, but locks and what is never saved."""
    roots = [path for kind in kinds for path in workspace.root.glob(kind)]
    return {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.name != ".lock"
    }


def load(workspace, path):
    with path.open("rb") as file:
        return load_project(OWNER, workspace, file)


@pytest.fixture
def saved(filled, tmp_path):
    path = tmp_path / "project.zip"
    save_project(OWNER, filled, path)
    return path


@pytest.fixture
def loaded(saved, other):
    report = load(other, saved)
    assert report.notes == []
    return other


def test_datasets_marks_and_queues_arrive_unchanged(filled, loaded):
    kinds = ("*_photos", "queues")
    assert list_files(loaded, *kinds) == list_files(filled, *kinds)
    assert (loaded.root / "stars_photos" / "empty class").is_dir()
    assert load_confirmed(loaded.root / "stars_photos")


def test_model_answers_with_its_network_and_is_the_default(filled, loaded):
    (wanted, _), (found, _) = list_models(filled), list_models(loaded)
    assert replace(found, size_bytes=0) == replace(wanted, size_bytes=0)
    assert found.is_usable
    assert found.is_default
    assert choose_bundle(None, loaded).name == wanted.id


def test_training_names_the_dataset_of_its_new_workspace_and_no_other_path(filled, loaded):
    (wanted,), (run,) = list_runs(filled), list_runs(loaded)
    assert run == wanted
    assert load_evaluations(loaded, run.id) == load_evaluations(filled, run.id) != ()
    config = load_config(loaded, run.id)
    assert config.image_dir == loaded.root / "stars_photos"
    assert config.summaries_dir is None


def test_queue_keeps_its_pictures(filled, loaded):
    (queue_id,) = list_queues(loaded)
    queue = find_queue(loaded, queue_id)
    assert len(queue.pictures) == 4
    assert all(queue.find_file(sha256).is_file() for sha256 in queue.pictures)


def test_dates_and_the_last_dataset_are_kept(filled, saved, loaded):
    picture = min((loaded.root / "stars_photos" / "red stars").iterdir())
    assert picture.stat().st_mtime == 10**9
    assert choose_default(loaded) == choose_default(filled)


def test_newest_model_stays_the_one_trained_last(filled, other, tmp_path):
    (old,) = filled.bundles.iterdir()
    manifest = json.loads((old / "manifest.json").read_text())
    newer = filled.bundles / "newer"
    newer.mkdir()
    for path in old.iterdir():
        (newer / path.name).write_bytes(path.read_bytes())
    created = manifest["created"].replace("2026", "2027")
    (newer / "manifest.json").write_text(json.dumps(manifest | {"created": created}))
    wanted = [model.id for model in list_models(filled)]
    save_project(OWNER, filled, tmp_path / "p.zip")
    load(other, tmp_path / "p.zip")
    assert [model.id for model in list_models(other)] == wanted


def test_loading_again_adds_nothing(saved, loaded):
    before = list_files(loaded, "*")
    report = load(loaded, saved)
    assert (report.added, report.n_present) == ([], 5)
    assert list_files(loaded, "*") == before


def test_other_content_of_the_same_name_gets_a_new_name(saved, loaded):
    extra = save_picture(loaded.root / "stars_photos" / "red stars" / "new.png", draw_blob(900))
    (run,) = list_runs(loaded)
    (loaded.runs / run.id / "evaluations.jsonl").write_text("")
    report = load(loaded, saved)
    assert list_datasets(loaded) == ("moons", "stars", "stars (2)")
    assert extra.is_file()
    assert [note.split(" was added")[0] for note in report.notes] == [
        "The dataset stars",
        f"The training {run.id}",
    ]
    new = next(status for status in list_runs(loaded) if status.id != run.id)
    assert load_config(loaded, new.id).image_dir == loaded.root / "stars (2)_photos"
    assert new.dataset == "stars (2)"
    assert load(loaded, saved).added == []


def test_default_model_of_the_workspace_stays(saved, loaded):
    chosen = loaded.default_model.read_bytes()
    loaded.last_dataset.write_text('{"dataset": "moons"}')
    load(loaded, saved)
    assert loaded.default_model.read_bytes() == chosen
    assert choose_default(loaded) == "moons"


def test_one_dataset_comes_with_its_trainings_only(filled, other, tmp_path):
    finish_run(filled, TrainConfig(filled.root / "moons_photos"))
    path = tmp_path / "moons.zip"
    save_project(OWNER, filled, path, ["moons_photos"])  # the name of its folder will do
    load(other, path)
    assert list_datasets(other) == ("moons",)
    assert [status.dataset for status in list_runs(other)] == ["moons"]
    assert list_queues(other) == {}
    assert [model.id for model in list_models(other)] == ["starter"]


def test_unknown_dataset_is_named(filled, tmp_path):
    with pytest.raises(ProjectError, match="There is no dataset 'mars': choose from moons, stars"):
        save_project(OWNER, filled, tmp_path / "p.zip", ["mars"])
    assert not (tmp_path / "p.zip").exists()


def test_empty_workspace_has_nothing_to_save(workspace, tmp_path):
    with pytest.raises(ProjectError, match="nothing to save yet"):
        save_project(OWNER, workspace, tmp_path / "p.zip")


def test_open_training_is_left_out_and_said(filled, tmp_path):
    submit_run(OWNER, filled, TrainConfig(filled.root / "stars_photos"))
    report = save_project(OWNER, filled, tmp_path / "p.zip")
    assert report.notes == ("Left out 1 training that has not ended: save again afterwards.",)


def test_download_is_the_same_project_in_pieces(filled, other):
    pieces = list(stream_project(OWNER, filled))
    assert max(map(len, pieces)) <= 2 << 20
    file = io.BytesIO(b"".join(pieces))
    contents = preview_project(file)
    assert contents.datasets == {"moons": 4, "stars": 6}
    assert (contents.n_models, contents.n_runs, contents.n_queues) == (1, 1, 1)
    load_project(OWNER, other, file)
    assert list_files(other, "*_photos") == list_files(filled, "*_photos")


def test_pictures_are_stored_and_each_network_is_carried_once(filled, tmp_path):
    (model,) = filled.bundles.iterdir()
    twin = filled.bundles / "twin"
    twin.mkdir()
    for path in model.iterdir():
        (twin / path.name).write_bytes(path.read_bytes())
    save_project(OWNER, filled, tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        assert archive.testzip() is None
        stored = [info.compress_type for info in archive.infolist() if "/" in info.filename]
        carried = [
            any("network/" in name for name in zipfile.ZipFile(archive.open(info)).namelist())
            for info in archive.infolist()
            if info.filename.startswith("models/")
        ]
    assert set(stored) == {zipfile.ZIP_STORED}
    assert sorted(carried) == [False, True]


def test_names_that_not_every_disk_stores_are_changed_and_said(filled, other, tmp_path):
    folder = filled.root / "moons_photos" / "red stars"
    save_picture(folder / "M 13: core?.png", draw_blob(70))
    save_picture(folder / "FIELD 10050.png", draw_blob(71))
    report = save_project(OWNER, filled, tmp_path / "p.zip")
    load(other, tmp_path / "p.zip")
    names = {path.name for path in (other.root / "moons_photos" / "red stars").iterdir()}
    assert {"M 13_ core_.png", "FIELD 10050.png", "field 10050 (2).png"} <= names
    assert len(report.notes) == 2


def test_undo_moves_all_to_the_trash_and_back(filled, saved, other):
    report = load(other, saved)
    before = list_files(other, "*_photos", "runs", "queues", "models/bundles")
    entry = undo_load(OWNER, other, report)
    assert list_datasets(other) == ()
    assert list_runs(other) == ()
    restore(OWNER, other, entry.id)
    assert list_files(other, "*_photos", "runs", "queues", "models/bundles") == before


def test_visitors_may_neither_save_nor_load(filled, saved, other, tmp_path):
    with pytest.raises(AccessError, match="save the whole project"):
        save_project(VISITOR, filled, tmp_path / "mine.zip")
    with pytest.raises(AccessError, match="save the whole project"):
        stream_project(VISITOR, filled)
    with saved.open("rb") as file, pytest.raises(AccessError):
        load_project(VISITOR, other, file)
    assert not other.root.exists()
    assert not (tmp_path / "mine.zip").exists()


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("stop_at", [1, 9])
def test_stopped_load_adds_nothing(saved, other, stop_at):
    def stop(done, total):
        if done == stop_at:
            raise StoppedError

    with saved.open("rb") as file, pytest.raises(StoppedError):
        load_project(OWNER, other, file, stop)
    assert list_files(other, "*") == {}


def test_failed_load_removes_what_it_had_placed(saved, other, monkeypatch):
    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cluster_core.projects.placing.add_queue", fail)
    with saved.open("rb") as file, pytest.raises(ProjectError, match="No space left"):
        load_project(OWNER, other, file)
    assert list_datasets(other) == ()
    assert list_runs(other) == ()
    assert [model.id for model in list_models(other)] == ["starter"]


def test_stopped_save_leaves_the_older_file(filled, saved):
    older = saved.read_bytes()

    def stop(done, total):
        raise StoppedError

    with pytest.raises(StoppedError):
        save_project(OWNER, filled, saved, on_progress=stop)
    assert saved.read_bytes() == older
    assert [path for path in saved.parent.iterdir() if path.name.endswith(".part")] == []


@pytest.fixture
def published(filled):
    """A published page of the trained model, with an example."""
    (model,) = filled.bundles.iterdir()
    example = min((filled.root / "stars_photos").rglob("*.png"))
    page = PageText("Red or blue", "Which stars?", (example,))
    return publish(OWNER, filled, model.name, page, "red-or-blue")


def test_page_is_published_again_only_when_asked_for(filled, published, other, tmp_path):
    path = tmp_path / "p.zip"
    save_project(OWNER, filled, path)
    load(other, path)
    assert list_published(other) == ()
    with path.open("rb") as file:
        report = load_project(OWNER, other, file, publishes=True)
        assert report.describe() == "1 page"
        again = load_project(OWNER, other, file, publishes=True)
    assert again.added == []
    (page,) = list_published(other)
    assert (page.alias, page.title, page.description) == (
        "red-or-blue",
        "Red or blue",
        "Which stars?",
    )
    assert len(page.examples) == 1


def test_page_gets_another_name_once_if_its_own_is_taken(filled, published, other, tmp_path):
    path = tmp_path / "p.zip"
    save_project(OWNER, filled, path)
    publish(OWNER, other, "starter", PageText("Mine"), "red-or-blue")
    with path.open("rb") as file:
        load_project(OWNER, other, file, publishes=True)
        again = load_project(OWNER, other, file, publishes=True)
    assert again.added == []
    assert sorted(page.title for page in list_published(other)) == ["Mine", "Red or blue"]


def test_undoing_a_load_with_pages_needs_the_right_to_publish(filled, published, other, tmp_path):
    path = tmp_path / "p.zip"
    save_project(OWNER, filled, path)
    with path.open("rb") as file:
        report = load_project(OWNER, other, file, publishes=True)
    with pytest.raises(AccessError, match="publish models"):
        undo_load(OWNER.without(Action.PUBLISH), other, report)
    undo_load(OWNER, other, report)
    assert list_published(other) == ()


def test_scripts_of_a_published_page_are_not_in_the_project(filled, published, tmp_path):
    save_project(OWNER, filled, tmp_path / "p.zip")
    with zipfile.ZipFile(tmp_path / "p.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith("published/")]
    assert names == [
        "published/red-or-blue/published.json",
        "published/red-or-blue/example-1.jpg",
    ]
