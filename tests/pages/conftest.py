"""What tests of several pages look at."""

from __future__ import annotations

import pytest
import streamlit as st


@pytest.fixture
def ways(monkeypatch) -> list[str]:
    """The pages that were switched to."""
    found: list[str] = []
    monkeypatch.setattr(st, "switch_page", lambda page, **_: found.append(str(page)))
    return found
