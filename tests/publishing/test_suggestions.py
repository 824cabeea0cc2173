from __future__ import annotations

import pytest

from cluster_core.model.bundle.collection import list_models, rename_model
from cluster_core.publishing.suggestions import suggest_alias, suggest_title
from tests.publishing.samples import publish_starter, simple_pages  # noqa: F401 (a fixture)
from tests.samples import OWNER


@pytest.mark.usefixtures("simple_pages")
def test_suggested_alias_is_free(workspace):
    title = "Star clusters"
    assert suggest_alias(workspace, title) == "star-clusters"
    publish_starter(workspace)
    assert suggest_alias(workspace, title) == "star-clusters-2"
    for alias in ("star-clusters-2", "x" * 60):
        publish_starter(workspace, alias=alias)
    assert suggest_alias(workspace, title) == "star-clusters-3"
    assert suggest_alias(workspace, "x" * 80) == "x" * 50 + "-2"


def test_title_is_the_owners_or_asks_for_the_class(trained):
    model, starter = list_models(trained)
    assert suggest_title(model) == "Blue stars or red stars?"
    assert suggest_title(starter) == "A globular cluster or an open cluster?"
    rename_model(OWNER, trained, model.id, "My giants")
    assert suggest_title(list_models(trained)[0]) == "My giants"
