"""A visitor of a demo gets a throw-away workspace with one click, and nobody else sees it."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.visitor_workspaces import WORKSPACES_VARIABLE
from pages.components.signed_in import WORKSPACE_COOKIE
from tests.browser.conftest import serve


def test_visitor_starts_a_workspace_and_another_cannot_see_it(browser: Browser, tmp_path):
    variables = {PUBLIC_VARIABLE: "1", WORKSPACES_VARIABLE: "2"}
    with serve(tmp_path, **variables) as demo:
        visitor, other = browser.new_context(), browser.new_context()
        try:
            page = visitor.new_page()
            page.goto(demo.url)
            page.get_by_role("button", name="Try training here").click()
            page.get_by_role("button", name="Set up a dataset").click()
            expect_heading(page, "Dataset")
            (cookie,) = (one for one in visitor.cookies() if one["name"] == WORKSPACE_COOKIE)
            assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
            page = other.new_page()
            page.goto(f"{demo.url}/dataset")
            expect(page.get_by_role("button", name="Try training here")).to_be_visible()
        finally:
            visitor.close()
            other.close()


def expect_heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
