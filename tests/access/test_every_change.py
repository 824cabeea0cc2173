"""Every public function that takes an `Access` refuses those who may do nothing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

import cluster_core
from cluster_core.access import Access, Action
from cluster_core.errors import AccessError
from cluster_core.labelling.queue import LabelQueue
from cluster_core.workspace import Workspace
from pages.components.signed_in import SIGNED_OUT, STRANGER
from tests.labelling.samples import make_queue

# What it returns depends on who asks.
_READING = {"list_visible", "find_unfinished"}
# Does nothing, without an error, for those who may not: a dataset's name is only a suggestion.
_SILENT = {"save_last_dataset"}
# Checks the action that a record names, or what it calls for each record: see its own tests.
_FROM_RECORDS = {"restore", "publish_again"}
PEOPLE = {
    "anonymous": Access("anonymous", frozenset()),
    "visitor": Access.visitor(),
    "other visitor": Access("other visitor", frozenset({Action.CLASSIFY})),
    "signed out": SIGNED_OUT,
    "stranger": STRANGER,
    "visitor with another workspace": Access.visitor_in(Workspace(Path("visitors/another"))),
}


def _list_changes() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Yield each public function, and method, whose first argument is an `Access`."""
    for module in pkgutil.walk_packages(cluster_core.__path__, "cluster_core."):
        if ".webapp" in module.name or module.name.endswith("__main__"):
            continue
        own = [
            (name, value)
            for name, value in vars(importlib.import_module(module.name)).items()
            if getattr(value, "__module__", None) == module.name
        ]
        for name, value in own:
            if inspect.isclass(value):
                methods = inspect.getmembers(value, inspect.isfunction)
                yield from ((f"{name}.{key}", one) for key, one in methods if _is_change(one))
            elif inspect.isfunction(value) and _is_change(value):
                yield f"{module.name}.{name}", value


def _is_change(function: Callable[..., Any]) -> bool:
    if function.__name__.startswith("_") or function.__name__ in _READING | _FROM_RECORDS:
        return False
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    return names[:1] == ["access"]


CHANGES = dict(_list_changes())


def test_changes_are_found():
    assert {"cluster_core.storage.trash.empty_trash", "LabelQueue.decide"} < CHANGES.keys()
    assert len(CHANGES) > 45


@pytest.mark.parametrize("name", CHANGES)
def test_only_the_owner_changes_anything(name, workspace, tmp_path):
    call = CHANGES[name]
    given: dict[str, object] = {
        key: MagicMock(name=key)
        for key, one in inspect.signature(call).parameters.items()
        if one.default is one.empty
    }
    given |= {"workspace": workspace} if "workspace" in given else {}
    if name.startswith("LabelQueue."):
        given["self"] = LabelQueue(make_queue(Workspace(tmp_path / "other"))._folder)
    for person in PEOPLE.values():
        given["access"] = person
        if call.__name__ in _SILENT:
            call(**given)
        else:
            with pytest.raises(AccessError):
                _finish(call(**given))
    assert not workspace.root.exists()


def _finish(outcome: object) -> None:
    """Run what a generator or a context manager would do."""
    if isinstance(outcome, Iterator):
        next(outcome)
    elif isinstance(outcome, AbstractContextManager):
        with outcome:
            pass
