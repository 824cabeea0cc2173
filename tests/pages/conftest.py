"""Fixtures shared by the page tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy

from pages.components import signed_in


@pytest.fixture(scope="package", autouse=True)
def frozen_heap() -> Iterator[None]:
    """Take what earlier tests loaded, such as TensorFlow, out of garbage collection.

    Streamlit collects garbage after every run of a page, which would take most of the time.
    """
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def own_machine(monkeypatch) -> None:
    """Let AppTest, which has no connection, count as a browser on the server's computer.

    It has no cookies.
    """
    monkeypatch.setattr(signed_in, "is_at_own_machine", lambda *_: True)
    monkeypatch.setattr(ContextProxy, "cookies", {})


@pytest.fixture
def visited_pages(monkeypatch) -> list[str]:
    """Files of the pages that the app switched to, in order."""
    found: list[str] = []
    monkeypatch.setattr(st, "switch_page", lambda page, **_: found.append(str(page)))
    return found


@pytest.fixture
def as_a_page(monkeypatch) -> None:
    """Let a test call functions of a page as the page does."""
    monkeypatch.setattr(signed_in, "get_script_run_ctx", lambda **_: True)
