"""Sign in with the passphrase, and out again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from tests.browser.conftest import serve

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    with serve(folder, **{PASSPHRASE_VARIABLE: hash_passphrase(WORDS)}) as server:
        yield server


def test_owner_signs_in_and_out(shared_server, browser: Browser):
    page = browser.new_page()
    page.goto(f"{shared_server.url}/dataset")
    page.get_by_role("link", name="Sign in with the passphrase").click()
    page.get_by_label("Passphrase").fill("a wrong passphrase")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not the passphrase")
    page.get_by_label("Passphrase").fill(WORDS)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dataset", level=1)).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("Sign in to see the datasets")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Sign in to see the datasets")).to_be_visible()
    page.close()
