"""Fixtures shared by the page tests."""

from __future__ import annotations

import pytest
import streamlit as st


@pytest.fixture
def visited_pages(monkeypatch) -> list[str]:
    """Files of the pages that the app switched to, in order."""
    found: list[str] = []
    monkeypatch.setattr(st, "switch_page", lambda page, **_: found.append(str(page)))
    return found
