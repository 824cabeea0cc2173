"""Who sees which pages, in each mode of the server."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cluster_core.access import PUBLIC_VARIABLE, Action
from cluster_core.access.modes import OWNERS_VARIABLE, PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import make_token, sign_out
from cluster_core.access.visitor_workspaces import WORKSPACES_VARIABLE
from cluster_core.server.client import PROXIES_VARIABLE
from cluster_core.server.hosts import HOSTS_VARIABLE
from pages.components import signed_in
from pages.components.navigation import PageFile, list_pages
from pages.components.signed_in import COOKIE, WORKSPACE_COOKIE, get_access, get_workspace
from tests.pages.opening import open_file
from tests.samples import OWNER, VISITOR

is_at_own_machine = signed_in.is_at_own_machine
LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_passphrase("correct horse battery")


@pytest.fixture
def connect(monkeypatch):
    """Give the page a connection."""

    def connect(address=None, headers=LOCAL, cookies=None, **user):
        context = SimpleNamespace(ip_address=address, headers=headers, cookies=cookies or {})
        monkeypatch.setattr(st, "context", context)
        monkeypatch.setattr(signed_in, "get_script_run_ctx", lambda **_: context)
        monkeypatch.setattr(st, "user", user)
        monkeypatch.setattr(signed_in, "is_at_own_machine", is_at_own_machine)

    return connect


@pytest.fixture
def list_visible_titles(monkeypatch):
    monkeypatch.setattr(st, "Page", lambda _, **options: SimpleNamespace(**options))

    def list_titles(access) -> list[str]:
        pages = list_pages(access, lambda: None)
        return [page.title for page in pages if not hasattr(page, "visibility")]

    return list_titles


def test_owner_at_the_own_machine_may_do_everything(connect):
    connect()
    assert set(Action) - get_access().allowed == {Action.RUN_TENSORBOARD}


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("192.168.1.7", LOCAL),
        ("2001:db8::7", LOCAL),
        (None, {"Host": "lab.example"}),
        (None, {"Host": "192.168.1.7:8501"}),
        (None, LOCAL | {"Origin": "https://lab.example"}),
        (None, LOCAL | {"Origin": "http://localhost:3000"}),
        (None, LOCAL | {"X-Forwarded-For": "127.0.0.1"}),
        (None, {}),  # the connection is gone
    ],
)
def test_anybody_else_may_do_nothing_on_an_own_machine(connect, address, headers):
    connect(address, headers)
    access = get_access()
    assert not access.allowed
    assert "from another computer" in access.refusal


@pytest.mark.parametrize("variable", [PROXIES_VARIABLE, HOSTS_VARIABLE])
def test_nobody_is_the_owner_by_address_behind_a_proxy_or_a_name(connect, monkeypatch, variable):
    monkeypatch.setenv(variable, "127.0.0.1")
    connect()
    assert not get_access().allowed
    page = open_file("main.py")
    assert "CLUSTER_LAB_PROXIES or CLUSTER_LAB_HOSTS" in page.warning[0].value


def test_visitor_of_a_demo_may_only_classify_even_at_the_server(connect, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    connect()
    assert get_access() == VISITOR


def test_cookie_of_the_passphrase_makes_an_owner_until_it_is_signed_out(
    connect, hashed, monkeypatch
):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    token = make_token()
    connect("192.168.1.7", cookies={COOKIE: token})
    assert get_access().allows(Action.TRAIN)
    assert not get_access().allows(Action.SORT_FILES)  # in folders of another computer
    sign_out(token)
    assert not get_access().allowed


@pytest.mark.parametrize("is_demo", [False, True])
def test_forged_cookie_leaves_a_visitor_one(connect, hashed, monkeypatch, is_demo):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    if is_demo:
        monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    connect(cookies={COOKIE: make_token()[:-1] + "!"})  # on the server's computer, too
    assert get_access().allowed == (VISITOR.allowed if is_demo else frozenset())


@pytest.mark.parametrize(
    ("user", "is_owner"),
    [
        ({"is_logged_in": True, "email": "Ann@lab.example", "email_verified": True}, True),
        ({"is_logged_in": True, "email": "bob@lab.example", "email_verified": True}, False),
        ({"is_logged_in": True, "email": "ann@lab.example", "email_verified": False}, False),
        ({"is_logged_in": True, "email": "ann@lab.example"}, False),
        ({"is_logged_in": False, "email": "ann@lab.example", "email_verified": True}, False),
        ({}, False),
    ],
)
def test_account_needs_a_confirmed_address_of_the_list(connect, monkeypatch, user, is_owner):
    monkeypatch.setenv(OWNERS_VARIABLE, "ann@lab.example, eve@lab.example")
    connect("192.168.1.7", **user)
    assert get_access().allows(Action.EDIT_DATASETS) is is_owner


def test_navigation_has_only_what_may_be_seen(list_visible_titles):
    assert len(list_visible_titles(OWNER)) == len(PageFile)
    assert list_visible_titles(VISITOR) == ["Classify"]
    assert list_visible_titles(signed_in.STRANGER) == []


def test_nobody_is_known_where_no_page_runs():
    """As in the function of a download button, which must not be taken for the owner."""
    with pytest.raises(RuntimeError, match="no page is running"):
        get_workspace()


def test_fragment_of_a_deleted_workspace_does_not_show_the_owners(connect, monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "1")
    connect("192.0.2.7", cookies={WORKSPACE_COOKIE: "f" * 32})

    def fragment() -> None:
        import streamlit as st

        from pages.components.signed_in import get_workspace

        st.write(get_workspace().root)

    page = AppTest.from_function(fragment).run()
    assert [one.value for one in page.error] == ["Your workspace was deleted: reload this page."]
    assert not page.markdown


def test_stranger_is_told_what_the_owner_can_do(connect):
    connect("192.168.1.7")
    page = open_file("main.py")
    assert "its own computer only" in page.warning[0].value
    assert "cluster_core passphrase" in page.markdown[0].value


def test_visitor_of_a_demo_begins_with_classify(monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    assert open_file("main.py").title[0].value == "Classify"


def test_every_page_keeps_its_address_in_a_demo(monkeypatch):
    monkeypatch.setattr(st, "Page", lambda _, **options: SimpleNamespace(**options))
    pages = list_pages(VISITOR, lambda: None)
    starts = [page.title for page in pages if vars(page)["default"]]
    assert starts == ["Cluster Lab"]  # which leads to Classify, at /classify


def test_signed_out_visitor_is_asked_to_sign_in(hashed, connect, monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    connect()
    page = open_file("main.py")
    assert page.markdown[0].value.startswith("Sign in to see")
    assert not page.sidebar.get("page_link")
