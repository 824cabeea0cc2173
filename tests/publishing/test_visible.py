"""The models that owners and visitors may classify with."""

from __future__ import annotations

import json

import pytest

from cluster_core.model.bundle.collection import list_models, rename_model, set_unsure_below
from cluster_core.model.export.web import PageText
from cluster_core.publishing.store import publish
from cluster_core.publishing.visible import list_visible
from tests.publishing.samples import publish_starter, simple_pages  # noqa: F401 (a fixture)
from tests.samples import OWNER, VISITOR

pytestmark = pytest.mark.usefixtures("simple_pages")


def list_ids(access, workspace) -> list[str]:
    return [model.id for model in list_visible(access, workspace)]


def find_default(access, workspace) -> str:
    (default,) = [model.id for model in list_visible(access, workspace) if model.is_default]
    return default


def test_owner_sees_all_models(trained):
    (folder,) = trained.bundles.iterdir()
    assert sorted(list_ids(OWNER, trained)) == sorted([folder.name, "starter"])


def test_visitor_sees_only_the_starter_until_something_is_published(trained):
    assert list_ids(VISITOR, trained) == ["starter"]
    assert find_default(VISITOR, trained) == "starter"


def publish_trained(workspace) -> str:
    (folder,) = workspace.bundles.iterdir()
    publish(OWNER, workspace, folder.name, PageText("Stars"), "stars")
    return folder.name


def test_visitor_sees_what_is_published(trained):
    model_id = publish_trained(trained)
    publish_starter(trained)
    assert list_ids(VISITOR, trained) == [model_id, "starter"]
    assert find_default(VISITOR, trained) == model_id


def test_published_model_stays_visible_with_another_title_and_threshold(trained):
    model_id = publish_trained(trained)
    rename_model(OWNER, trained, model_id, "Other")
    set_unsure_below(OWNER, trained, model_id, 0.9)
    assert model_id in list_ids(VISITOR, trained)


def test_other_model_that_got_the_id_of_a_deleted_one_is_not_published(trained):
    model_id = publish_trained(trained)
    path = trained.bundles / model_id / "manifest.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | {"labels": manifest["labels"][::-1]}))
    assert list_models(trained)[0].is_usable
    assert list_ids(VISITOR, trained) == ["starter"]
