"""What surrounds the app's requests: who may send files."""

from __future__ import annotations

import json

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.modes import OWNERS_VARIABLE, PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import make_token
from cluster_core.access.visitor_workspaces import (
    WORKSPACES_VARIABLE,
    create_visitor_workspace,
    find_visitor_workspace,
)
from cluster_core.server.client import PROXIES_VARIABLE
from cluster_core.server.metrics import METRICS_VARIABLE
from cluster_core.server.own_machine import is_at_own_machine
from pages.components import signed_in
from pages.components.server_stack import make_app_stack
from pages.components.signed_in import COOKIE
from tests.server.asgi import make_scope, send
from tests.training.jobs.fakes import submit_as_visitor

UPLOAD = "/_stcore/upload_file/session/file"
LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.fixture(autouse=True)
def real_address(monkeypatch) -> None:
    monkeypatch.setattr(signed_in, "is_at_own_machine", is_at_own_machine)


def upload(client: str = "203.0.113.9", cookie: str = "", **headers: str) -> int:
    route = Route(UPLOAD, lambda _: PlainTextResponse("taken"), methods=["PUT"])
    app = Starlette(routes=[route], middleware=make_app_stack().middleware)
    named = LOCAL | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = make_scope(UPLOAD, client, named | {"Cookie": cookie}, method="PUT")
    return send(app, scope, b"picture").status


def test_own_machine_takes_files_from_itself_only(monkeypatch):
    assert upload("127.0.0.1") == 200
    assert upload() == 403
    assert upload("127.0.0.1", Origin="https://evil.example") == 403
    monkeypatch.setenv(PROXIES_VARIABLE, "10.0.0.1")
    assert upload("127.0.0.1") == 403


def test_shared_server_takes_files_from_those_who_signed_in(monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hash_passphrase("correct horse battery"))
    assert upload("127.0.0.1") == 403
    assert upload(cookie=f"{COOKIE}={make_token()[:-1]}!") == 403
    assert upload(cookie=f"{COOKIE}={make_token()}") == 200


def test_demo_takes_files_from_everybody(monkeypatch):
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    assert upload() == 200


def read_metrics() -> str:
    stack = make_app_stack()
    scope = make_scope("/metrics", "127.0.0.1", headers=LOCAL)
    return send(Starlette(routes=stack.routes), scope).body.decode()


def test_metrics_count_trainings_of_visitors_without_a_name(workspace, monkeypatch):
    monkeypatch.setenv(METRICS_VARIABLE, "127.0.0.1")
    assert "cluster_lab_trainings{" in read_metrics()
    assert "cluster_lab_visitor_trainings{" not in read_metrics()
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "1")
    own = find_visitor_workspace(workspace, create_visitor_workspace(workspace))
    status = submit_as_visitor(own)
    text = read_metrics()
    assert 'cluster_lab_visitor_trainings{state="queued"} 1.0' in text
    assert 'cluster_lab_trainings{state="queued"} 0.0' in text
    assert not [one for one in (own.root.name, status.id) if one in text]


def make_account(**more: object) -> str:
    account = {"is_logged_in": True, "email": "ann@lab.example", "email_verified": True}
    text = json.dumps({**account, "origin": LOCAL["Origin"], **more})
    return create_signed_value(get_cookie_secret(), "_streamlit_user", text).decode()


def test_account_on_the_list_may_send_files(monkeypatch):
    monkeypatch.setenv(OWNERS_VARIABLE, "ann@lab.example")
    assert upload(cookie=f"_streamlit_user={make_account()}") == 200
    assert upload(cookie=f"_streamlit_user={make_account(email='bob@lab.example')}") == 403
    assert upload(cookie=f"_streamlit_user={make_account(origin='https://a.example')}") == 403
    assert upload(cookie=f"_streamlit_user={make_account()[:-2]}xx") == 403
    assert upload(cookie="_streamlit_user=chunks-9; _streamlit_user_1=x") == 403
