"""Sign in with an account, through a real provider of OpenID Connect."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from cluster_core.access.modes import OWNERS_VARIABLE
from tests.browser.conftest import PATIENCE_MS, serve
from tests.browser.oidc_provider import CLIENT_ID, CLIENT_SECRET, run_provider

SECRETS = """
[auth]
redirect_uri = "http://localhost:{{port}}/oauth2callback"
cookie_secret = "a secret of these tests, long enough"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture
def provider():
    with run_provider() as running:
        yield running


@pytest.fixture
def shared_server(tmp_path, provider):
    texts = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "provider": provider.url}
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS.format(**texts))
    variables = {OWNERS_VARIABLE: "ann@lab.example", "STREAMLIT_SECRETS_FILES": str(secrets)}
    with serve(tmp_path, **variables) as server:
        yield server


def test_accounts_on_the_list_only_come_in_and_land_where_they_wanted(
    shared_server, provider, browser: Browser
):
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    provider.account = {"email": "eve@lab.example", "email_verified": True}
    page.goto(f"{shared_server.url}/training")
    page.get_by_role("link", name="Sign in with an account").click()
    expect(page.get_by_text("not on this server's list of owners")).to_be_visible()
    expect(page.get_by_role("heading", name="Training")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    provider.account = {"email": "Ann@lab.example", "email_verified": True}
    expect(page.get_by_role("link", name="Sign in with an account")).to_be_visible()
    page.goto(f"{shared_server.url}/training")
    page.get_by_role("link", name="Sign in with an account").click()
    expect(page.get_by_role("heading", name="Training", level=1)).to_be_visible()
    page.close()
