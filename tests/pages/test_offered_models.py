"""Which models a visitor with a throw-away workspace may classify with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_core.access import Access
from cluster_core.model.export.web import PageText
from cluster_core.publishing.store import publish
from cluster_core.workspace import Workspace
from pages.components import offered_models
from pages.components.offered_models import find_home, list_offered
from tests.publishing.samples import simple_pages  # noqa: F401 (a fixture)
from tests.samples import OWNER


@pytest.mark.usefixtures("simple_pages")
def test_visitor_with_a_workspace_may_use_published_models_and_no_others(trained, monkeypatch):
    (folder,) = trained.bundles.iterdir()
    publish(OWNER, trained, folder.name, PageText("Stars"), "stars")
    secret = Path(shutil.copytree(folder, trained.bundles / "secret"))
    manifest = json.loads((secret / "manifest.json").read_text())
    (secret / "manifest.json").write_text(json.dumps(manifest | {"labels": ["anna", "berta"]}))
    own = Workspace(trained.root / "visitors" / ("1" * 32))
    monkeypatch.setattr(offered_models, "get_access", lambda: Access.visitor_in(own))
    offered = {model.id: model for model in list_offered()}
    assert list(offered) == ["starter", folder.name]
    assert [one.is_default for one in offered.values()] == [True, False]
    assert (find_home(offered[folder.name]), find_home(offered["starter"])) == (trained, own)
    assert find_home(replace(offered[folder.name], id=secret.name)) == own  # where it is not
    shutil.copytree(folder, own.bundles / folder.name)
    assert find_home(list_offered()[0]) == own
