"""Open a page as a visitor does, without a browser."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.samples import REPOSITORY

TIMEOUT_S = 60


def open_file(name: str, **query: str) -> AppTest:
    """Open a page by its file name, with these URL parameters."""
    page = AppTest.from_file(str(REPOSITORY / "pages" / name), default_timeout=TIMEOUT_S)
    for parameter, value in query.items():
        page.query_params[parameter] = value
    page.run()
    assert not page.exception
    return page
