"""Permissions of visitors."""

from __future__ import annotations

import pytest

from cluster_core.access import (
    PUBLIC_VARIABLE,
    TENSORBOARD_VARIABLE,
    Action,
    is_allowed,
    require,
)
from cluster_core.errors import AccessError


@pytest.mark.parametrize("action", Action)
def test_public_demo_forbids_every_action(action, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "1")
    assert not is_allowed(action)
    with pytest.raises(AccessError, match=action) as caught:
        require(action)
    assert caught.value.action == action


@pytest.mark.parametrize("action", set(Action) - {Action.RUN_TENSORBOARD})
def test_local_installation_allows_every_action(action):
    assert is_allowed(action)
    require(action)


def test_tensorboard_needs_explicit_permission(monkeypatch):
    assert not is_allowed(Action.RUN_TENSORBOARD)
    monkeypatch.setenv(TENSORBOARD_VARIABLE, "1")
    assert is_allowed(Action.RUN_TENSORBOARD)
