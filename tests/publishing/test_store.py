from __future__ import annotations

import json
import threading

import pytest

from cluster_core.access import Access, Action
from cluster_core.errors import AccessError, BundleError, ImageError, PublishError
from cluster_core.model.export import web
from cluster_core.model.export.web import PageText
from cluster_core.publishing import store
from cluster_core.publishing.store import (
    find_published,
    list_published,
    publish,
    republish,
    unpublish,
)
from cluster_core.storage.trash import restore
from tests.publishing.samples import (  # noqa: F401 (a fixture)
    OWNER,
    publish_starter,
    simple_pages,
    write_simple_page,
)
from tests.samples import draw_blob, save_picture

pytestmark = pytest.mark.usefixtures("simple_pages")


def list_files(workspace) -> set[str]:
    root = workspace.published
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_nothing_is_published_at_first(workspace):
    assert list_published(workspace) == ()
    assert find_published(workspace, "star-clusters") is None


def test_published_model_is_found_by_alias_and_by_content(workspace):
    model = publish_starter(workspace, description="Globular or open?", link="https://a.org/")
    assert (model.alias, model.title, model.model_id) == (
        "star-clusters",
        "Star clusters",
        "starter",
    )
    assert (model.description, model.link) == ("Globular or open?", "https://a.org/")
    assert model.labels == ("globular clusters", "open clusters")
    assert model.folder == workspace.published / "star-clusters" / model.content_id
    assert model.find_file("index.html").read_text() == "<h1>Star clusters</h1>Globular or open?"
    for name in ("star-clusters", model.content_id):
        assert find_published(workspace, name) == model
    assert list_published(workspace) == (model,)


def test_equal_content_has_an_equal_id(workspace):
    first = publish_starter(workspace, alias="one")
    second = publish_starter(workspace, alias="two")
    third = publish_starter(workspace, alias="three", description="More.")
    assert first.content_id == second.content_id != third.content_id
    assert [model.alias for model in list_published(workspace)] == ["three", "two", "one"]


def test_page_of_the_starter_model_is_complete(workspace, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setenv("CLUSTER_LAB_WORKSPACE", str(workspace.root))
    model = publish_starter(workspace)
    assert "Star clusters" in model.find_file("index.html").read_text("utf-8")
    assert json.loads(model.find_file("model.json").read_bytes())["labels"] == [
        "globular clusters",
        "open clusters",
    ]


def test_examples_are_listed_in_their_order(workspace, tmp_path):
    paths = [save_picture(tmp_path / f"{n}.jpg", draw_blob(n)) for n in range(11)]
    model = publish_starter(workspace, examples=tuple(paths))
    assert [path.name for path in model.examples] == [f"example-{n}.jpg" for n in range(1, 12)]


@pytest.mark.parametrize("name", ["../published.json", "js", "", "/etc/passwd", "a\0", "x" * 5000])
def test_only_files_of_the_page_are_found(workspace, name):
    model = publish_starter(workspace)
    assert model.find_file(name) is None
    assert model.find_file("js/main.js") is not None


def test_links_inside_a_page_are_not_followed(workspace, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    model = publish_starter(workspace)
    (model.folder / "link.txt").symlink_to(secret)
    assert model.find_file("link.txt") is None


@pytest.mark.parametrize("name", ["..", ".", "", "../models", "A", "0" * 16, "x\0", "x" * 5000])
def test_other_names_find_nothing(workspace, name):
    publish_starter(workspace)
    assert find_published(workspace, name) is None


def test_taken_alias_is_refused(workspace):
    model = publish_starter(workspace)
    with pytest.raises(PublishError, match="star-clusters is already taken"):
        publish_starter(workspace, "Another")
    assert list_published(workspace) == (model,)


def test_one_of_two_owners_gets_an_alias(workspace, monkeypatch):
    both_are_building = threading.Barrier(2)

    def write_at_once(*arguments):
        write_simple_page(*arguments)
        both_are_building.wait(10)

    monkeypatch.setattr(web, "export_web", write_at_once)
    outcomes = []

    def try_to_publish(title):
        try:
            outcomes.append(publish_starter(workspace, title).title)
        except PublishError as error:
            outcomes.append(str(error))

    threads = [threading.Thread(target=try_to_publish, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (model,) = list_published(workspace)
    assert model.title in outcomes
    assert sum("already taken" in outcome for outcome in outcomes) == 1
    assert len(list_files(workspace)) == 4


def test_update_keeps_links_to_the_earlier_content(workspace):
    before = publish_starter(workspace)
    after = republish(OWNER, workspace, "starter", PageText("Clusters"), "star-clusters")
    assert after.content_id != before.content_id
    assert find_published(workspace, "star-clusters") == after
    assert find_published(workspace, before.content_id).folder == before.folder
    assert list_published(workspace) == (after,)


def test_update_to_an_earlier_content_shows_that_again(workspace):
    before = publish_starter(workspace)
    republish(OWNER, workspace, "starter", PageText("Clusters"), "star-clusters")
    again = republish(OWNER, workspace, "starter", PageText("Star clusters"), "star-clusters")
    assert (again.content_id, again.folder) == (before.content_id, before.folder)


def test_only_published_models_are_updated(workspace):
    with pytest.raises(PublishError, match="Nothing is published as star-clusters"):
        republish(OWNER, workspace, "starter", PageText("Clusters"), "star-clusters")
    assert list_published(workspace) == ()


def test_update_loses_against_an_unpublication_during_it(workspace, monkeypatch):
    publish_starter(workspace)

    def write_and_unpublish(*arguments):
        write_simple_page(*arguments)
        unpublish(OWNER, workspace, "star-clusters")

    monkeypatch.setattr(web, "export_web", write_and_unpublish)
    with pytest.raises(PublishError, match="Nothing is published"):
        republish(OWNER, workspace, "starter", PageText("Clusters"), "star-clusters")
    assert list_published(workspace) == ()


def test_unpublished_model_comes_back_with_all_its_links(workspace):
    before = publish_starter(workspace)
    after = republish(OWNER, workspace, "starter", PageText("Clusters"), "star-clusters")
    entry = unpublish(OWNER, workspace, "star-clusters")
    assert entry.description == 'The page "Clusters"'
    names = ("star-clusters", before.content_id, after.content_id)
    assert not any(find_published(workspace, name) for name in names)
    restore_entry(workspace, entry)
    assert all(find_published(workspace, name) for name in names)


def restore_entry(workspace, entry) -> None:
    restore(OWNER, workspace, entry.id)


def test_restored_model_whose_alias_is_taken_gets_a_number(workspace):
    publish_starter(workspace, "First")
    entry = unpublish(OWNER, workspace, "star-clusters")
    publish_starter(workspace, "Second")
    restore_entry(workspace, entry)
    titles = {model.alias: model.title for model in list_published(workspace)}
    assert titles == {"star-clusters": "Second", "star-clusters (2)": "First"}
    unpublish(OWNER, workspace, "star-clusters (2)")
    assert len(list_published(workspace)) == 1


@pytest.mark.parametrize("alias", ["gone", "../models"])
def test_only_published_models_are_unpublished(workspace, alias):
    workspace.bundles.mkdir(parents=True)
    with pytest.raises(PublishError):
        unpublish(OWNER, workspace, alias)
    assert workspace.bundles.is_dir()


def test_publishing_is_reported_without_titles(workspace, caplog):
    with caplog.at_level("INFO", "cluster_core.events"):
        model = publish_starter(workspace)
        unpublish(OWNER, workspace, "star-clusters")
    found = [(record.message, record.fields) for record in caplog.records]
    assert found == [("published", {"content": model.content_id}), ("unpublished", {})]


def test_visitors_change_nothing(workspace):
    model = publish_starter(workspace)
    visitor = Access("visitor", frozenset(Action) - {Action.PUBLISH})
    for act in (
        lambda: publish(visitor, workspace, "starter", PageText("New"), "new"),
        lambda: republish(visitor, workspace, "starter", PageText("New"), "star-clusters"),
        lambda: unpublish(visitor, workspace, "star-clusters"),
    ):
        with pytest.raises(AccessError, match="publish models"):
            act()
    assert list_published(workspace) == (model,)


def test_unknown_model_leaves_nothing_behind(workspace):
    with pytest.raises(BundleError, match="There is no model"):
        publish(OWNER, workspace, "gone", PageText("Gone"), "gone")
    assert list_files(workspace) == set()
    assert list(workspace.published.iterdir()) == []


def test_failed_export_leaves_nothing_behind(workspace, tmp_path, monkeypatch):
    monkeypatch.undo()
    bad = tmp_path / "bad.jpg"
    bad.write_text("no picture")
    with pytest.raises(ImageError):
        publish(OWNER, workspace, "starter", PageText("Bad", examples=(bad,)), "bad")
    assert list(workspace.published.iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"content": "../../models"},
        {"content": "0" * 16},
        {"labels": "ab"},
        {"title": 3},
        {"created": "yesterday"},
        None,
    ],
)
def test_damaged_record_is_left_out_and_can_be_removed(workspace, damage):
    model = publish_starter(workspace)
    path = model.folder.parent / "published.json"
    record = json.loads(path.read_text()) | (damage or {})
    path.write_text(json.dumps(record) if damage else "{")
    assert list_published(workspace) == ()
    assert find_published(workspace, model.content_id) is None
    unpublish(OWNER, workspace, "star-clusters")
    assert list_files(workspace) <= {".lock"}


def test_page_is_hashed_by_names_and_contents(workspace, tmp_path):
    for number, name in enumerate(("a", "b")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text("same")
    assert store._hash_folder(tmp_path / "0") != store._hash_folder(tmp_path / "1")
