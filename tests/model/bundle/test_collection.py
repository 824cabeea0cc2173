"""The list of models: its order, titles, the default model, and damaged models."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from cluster_core.errors import AccessError, BundleError, ConfigError
from cluster_core.model.bundle import summaries
from cluster_core.model.bundle.collection import (
    delete_model,
    list_models,
    rename_model,
    set_default_model,
    set_unsure_below,
)
from cluster_core.model.bundle.selection import choose_bundle, model_dir
from cluster_core.model.bundle.summaries import MAX_TITLE_LENGTH, STARTER_ACCURACY
from cluster_core.storage.trash import restore
from tests.samples import OWNER, REPOSITORY, VISITOR, run_python


def copy_model(workspace, name: str, written_ns: int):
    """Copy the trained model under another name, with another modification time."""
    (source, *_) = sorted(workspace.bundles.iterdir())
    folder = shutil.copytree(source, workspace.bundles / name)
    os.utime(folder / "manifest.json", ns=(written_ns, written_ns))
    return folder


@pytest.fixture
def only_id(trained) -> str:
    (folder,) = trained.bundles.iterdir()
    return folder.name


def edit(workspace, model_id: str, **changes) -> None:
    path = workspace.bundles / model_id / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_empty_workspace_lists_only_the_starter_model(workspace):
    (starter,) = list_models(workspace)
    assert (starter.id, starter.is_default, starter.problem) == ("starter", True, None)
    assert starter.labels == ("globular clusters", "open clusters")
    assert starter.n_test == 0


def test_summary_describes_the_training(trained, only_id):
    model, starter = list_models(trained)
    assert (model.id, model.is_default, starter.is_default) == (only_id, True, False)
    assert model.labels == ("blue stars", "red stars")
    assert model.architecture == "random"
    assert 0 < model.n_right <= model.n_test
    assert model.interval[0] < model.n_right / model.n_test <= model.interval[1]
    assert model.size_bytes == sum(
        path.stat().st_size for path in (trained.bundles / only_id).iterdir()
    )
    assert len(model.manifest_sha256) == 64
    assert model.title.startswith(model.dataset.removesuffix("_photos"))


def test_default_model_comes_first_then_the_newest(trained, only_id):
    now = (trained.bundles / only_id / "manifest.json").stat().st_mtime_ns
    copy_model(trained, "older", now - 10**12)
    copy_model(trained, "newer", now + 10**12)
    assert [model.id for model in list_models(trained)] == ["newer", only_id, "older", "starter"]
    for chosen in ("older", "starter"):
        set_default_model(OWNER, trained, chosen)
        models = list_models(trained)
        assert models[0].id == chosen
        assert [model.id for model in models if model.is_default] == [chosen]
        assert choose_bundle(None, trained).name == chosen


def test_newest_model_answers_while_the_default_is_in_the_trash(trained, only_id):
    copy_model(trained, "older", 10**18)
    set_default_model(OWNER, trained, "older")
    entry = delete_model(OWNER, trained, "older")
    assert choose_bundle(None, trained).name == only_id
    assert "older" not in {model.id for model in list_models(trained)}
    restore(OWNER, trained, entry.id)
    assert choose_bundle(None, trained).name == "older"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"model": 3}', '{"model": "../x"}', "x" * 20_000, "[" * 9_000]
)
def test_malformed_default_is_ignored(trained, only_id, content):
    trained.default_model.write_text(content)
    assert choose_bundle(None, trained).name == only_id


def test_command_line_uses_the_default_model(trained, only_id):
    copy_model(trained, "older", 10**18)
    edit(trained, "older", labels=["blau", "rot"])
    set_default_model(OWNER, trained, "older")
    outcome = run_python("-m", "cluster_core", "classify", trained.models)
    assert outcome.stdout.startswith("path,label,score,verdict,novelty,blau,rot,problem")


def test_renaming_keeps_the_id_and_the_order(trained, only_id):
    copy_model(trained, "older", 10**18)
    rename_model(OWNER, trained, "older", "  Globular  or open? ")
    titles = {model.id: model.title for model in list_models(trained)}
    assert titles["older"] == "Globular or open?"
    assert choose_bundle(None, trained).name == only_id


@pytest.mark.parametrize(
    "title", ["", "   ", "a" * (MAX_TITLE_LENGTH + 1), "turned \u202e around", "hidden\u200b", "\0"]
)
def test_invisible_or_overlong_title_is_rejected(trained, only_id, title):
    before = list_models(trained)
    with pytest.raises(BundleError, match="one line of 1 to 80"):
        rename_model(OWNER, trained, only_id, title)
    assert list_models(trained) == before


@pytest.mark.parametrize("title", [7, None, ["x"], "", "two\nlines \u202eand more" * 20])
def test_title_in_a_manifest_is_sanitised(trained, only_id, title):
    edit(trained, only_id, title=title)
    (shown, _) = [model.title for model in list_models(trained)]
    assert shown
    assert len(shown) <= MAX_TITLE_LENGTH
    assert shown.isprintable()


@pytest.mark.parametrize(
    "test",
    [None, [], {"n": 3}, {"n": "3", "n_right": 1}, {"n": 3, "n_right": 4}, {"n": 0, "n_right": 0}],
)
def test_malformed_test_result_is_ignored(trained, only_id, test):
    edit(trained, only_id, metrics={"test": test})
    model, _ = list_models(trained)
    assert (model.n_test, model.n_right, model.interval, model.problem) == (0, 0, None, None)


@pytest.mark.parametrize("bounds", [None, [1], [0.5, 2], ["0", "1"], [0.9, 0.1]])
def test_malformed_interval_is_ignored(trained, only_id, bounds):
    edit(trained, only_id, metrics={"test": {"n": 4, "n_right": 3, "interval_95": bounds}})
    assert list_models(trained)[0].interval is None


def test_damaged_model_is_listed_with_its_problem_and_can_be_deleted(trained, only_id):
    folder = copy_model(trained, "broken", 10**18)
    (folder / "head.npy").write_bytes(b"x")
    (broken,) = [model for model in list_models(trained) if model.id == "broken"]
    assert "head.npy was altered" in broken.problem
    with pytest.raises(BundleError, match="damaged"):
        set_default_model(OWNER, trained, "broken")
    delete_model(OWNER, trained, "broken")
    assert [model.id for model in list_models(trained)] == [only_id, "starter"]


@pytest.mark.parametrize("is_chosen", [True, False])
def test_damaged_model_is_skipped_with_a_warning(trained, only_id, is_chosen, caplog):
    folder = copy_model(trained, "newer", 2 * 10**18)
    if is_chosen:
        set_default_model(OWNER, trained, "newer")
    (folder / "head.npy").write_bytes(b"x")
    assert choose_bundle(None, trained).name == only_id
    (warning,) = caplog.messages
    assert "head.npy was altered" in warning
    assert warning.endswith(f"The model {only_id} is used instead.")
    assert [model.id for model in list_models(trained)] == [only_id, "newer", "starter"]
    assert list_models(trained)[0].is_default


def lose_manifest(folder):
    (folder / "manifest.json").unlink()


def link_manifest_to_itself(folder):
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").symlink_to(folder / "manifest.json")


def replace_by_folder(folder):
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").mkdir()


@pytest.mark.parametrize("damage", [lose_manifest, link_manifest_to_itself, replace_by_folder])
def test_unreadable_manifest_hides_no_model(trained, only_id, damage):
    damage(copy_model(trained, "broken", 10**18))
    models = {model.id: model.problem for model in list_models(trained)}
    assert models.keys() == {"broken", only_id, "starter"}
    assert models.pop("broken")
    assert set(models.values()) == {None}
    delete_model(OWNER, trained, "broken")
    assert "broken" not in {model.id for model in list_models(trained)}


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_training_time_out_of_range_is_unknown(trained, only_id, created):
    edit(trained, only_id, created=created)
    model, _ = list_models(trained)
    assert (model.created, model.problem) == ("", None)


def test_only_changed_models_are_read_again(trained, only_id, monkeypatch):
    list_models(trained)
    monkeypatch.setattr(summaries, "load_bundle", None)
    assert len(list_models(trained)) == 2
    monkeypatch.undo()
    edit(trained, only_id, title="Another")
    assert list_models(trained)[0].title == "Another"


@pytest.mark.parametrize(
    "model_id", ["", ".", "..", "../bundles", "/etc", "no such", "a" * 5_000, "\0", ".hidden"]
)
def test_unknown_model_id_is_rejected(trained, only_id, model_id):
    (trained.bundles / ".hidden").mkdir()
    for action in (
        lambda: model_dir(trained, model_id),
        lambda: rename_model(OWNER, trained, model_id, "x"),
        lambda: delete_model(OWNER, trained, model_id),
        lambda: set_default_model(OWNER, trained, model_id),
    ):
        with pytest.raises(BundleError, match="There is no model"):
            action()
    assert [model.id for model in list_models(trained)] == [only_id, "starter"]


def test_model_with_text_that_utf8_cannot_encode_is_renamed(trained, only_id):
    edit(trained, only_id, settings={"note": "\ud800"})
    rename_model(OWNER, trained, only_id, "Größe")
    assert list_models(trained)[0].title == "Größe"


def test_limit_for_unsure_answers_is_kept_with_the_model(trained, only_id):
    assert list_models(trained)[0].unsure_below == 0.6
    title = list_models(trained)[0].title
    set_unsure_below(OWNER, trained, only_id, 0.75)
    (model, _) = list_models(trained)
    assert (model.unsure_below, model.title) == (0.75, title)
    assert choose_bundle(None, trained).unsure_below == 0.75


@pytest.mark.parametrize("value", [-0.1, 1.01, float("nan"), "0.7", None, True])
def test_limit_for_unsure_answers_is_a_number_from_0_to_1(trained, only_id, value):
    with pytest.raises(ConfigError, match="must be a number from 0 to 1"):
        set_unsure_below(OWNER, trained, only_id, value)
    assert list_models(trained)[0].unsure_below == 0.6


def test_starter_model_cannot_be_changed_or_deleted(workspace):
    for action in (
        lambda: rename_model(OWNER, workspace, "starter", "x"),
        lambda: delete_model(OWNER, workspace, "starter"),
        lambda: set_unsure_below(OWNER, workspace, "starter", 0.7),
    ):
        with pytest.raises(BundleError, match="ships with the program"):
            action()


def test_public_demo_forbids_changes(trained, only_id):
    before = list_models(trained)
    for action in (
        lambda: rename_model(VISITOR, trained, only_id, "x"),
        lambda: delete_model(VISITOR, trained, only_id),
        lambda: set_unsure_below(VISITOR, trained, only_id, 0.7),
        lambda: set_default_model(VISITOR, trained, "starter"),
    ):
        with pytest.raises(AccessError):
            action()
    assert list_models(trained) == before


def test_starter_accuracy_text_matches_the_documentation():
    text = (REPOSITORY / "docs" / "sky-backbone.md").read_text("utf-8")
    (row,) = [line for line in text.splitlines() if line.startswith("| starter, no real photo")]
    web, _, both_tiers = (float(cell) for cell in row.strip("| ").split("|")[1:])
    assert f"{web:.0%} (154 pictures from the web)" in STARTER_ACCURACY
    assert f"{both_tiers:.0%} (105 of Messier clusters)" in STARTER_ACCURACY
