"""Fixtures for the tests of trainings."""

from __future__ import annotations

import pytest

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.visitor_workspaces import (
    WORKSPACES_VARIABLE,
    create_visitor_workspace,
    find_visitor_workspace,
)
from cluster_core.workspace import Workspace


@pytest.fixture
def visitors(workspace, monkeypatch) -> list[Workspace]:
    """The throw-away workspaces of two visitors of a demo."""
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "2")
    ids = [create_visitor_workspace(workspace) for _ in range(2)]
    return [found for one in ids if (found := find_visitor_workspace(workspace, one))]
