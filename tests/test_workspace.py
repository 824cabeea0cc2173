"""Paths of the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.workspace import DEFAULT_ROOT, ROOT_VARIABLE, Workspace


def test_environment_variable_sets_the_workspace(monkeypatch, tmp_path):
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert Workspace.default() == Workspace(tmp_path)


@pytest.mark.parametrize("value", [None, ""])
def test_default_workspace_is_tf_files(monkeypatch, value):
    monkeypatch.delenv(ROOT_VARIABLE)
    if value is not None:
        monkeypatch.setenv(ROOT_VARIABLE, value)
    assert Workspace.default() == Workspace(Path(DEFAULT_ROOT)) == Workspace(Path("tf_files"))


def test_all_paths_are_below_the_root_and_distinct():
    workspace = Workspace(Path("somewhere"))
    names = [name for name, value in vars(Workspace).items() if isinstance(value, property)]
    paths = [getattr(workspace, name) for name in names]
    assert len(names) >= 10
    assert all(workspace.root in path.parents for path in paths)
    assert len(set(paths)) == len(paths)
