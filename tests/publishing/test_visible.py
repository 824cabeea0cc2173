"""The models that owners and visitors may classify with."""

from __future__ import annotations

from types import SimpleNamespace

from cluster_core.publishing import visible
from cluster_core.publishing.visible import list_visible
from tests.samples import OWNER, VISITOR


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


def test_visitor_sees_what_is_published(trained, monkeypatch):
    (folder,) = trained.bundles.iterdir()
    pages = [SimpleNamespace(model_id="deleted"), SimpleNamespace(model_id=folder.name)]
    monkeypatch.setattr(visible, "list_published", lambda workspace: pages)
    assert sorted(list_ids(VISITOR, trained)) == sorted([folder.name, "starter"])
    assert find_default(VISITOR, trained) == folder.name
