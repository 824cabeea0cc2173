"""Every page in every mode of the server: who sees it, and that nothing else gets out."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from cluster_core.access import PUBLIC_VARIABLE
from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import make_token
from cluster_core.access.visitor_workspaces import (
    WORKSPACES_VARIABLE,
    create_visitor_workspace,
    find_visitor_workspace,
)
from cluster_core.server.own_machine import is_at_own_machine
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs import RunState, submit_run
from cluster_core.training.runs.folder import KEEP_BEST, read_stop_request, save_status
from cluster_core.workspace import Workspace
from pages.components import signed_in
from pages.components.navigation import PageFile
from pages.components.signed_in import COOKIE, WORKSPACE_COOKIE
from pages.components.training import waiting
from tests.pages.opening import TIMEOUT_S
from tests.samples import OWNER, REPOSITORY, draw_blob, save_picture
from tests.training.jobs.fakes import submit_as_visitor

ALL = set(PageFile)
# What each page has of the owner's, if it is shown: names of a dataset, class, file, run or model.
SECRETS = ("pupils", "anna", "year_nine", "secret model")


@pytest.fixture
def private(workspace):
    """A workspace with a dataset, a run and its log, whose names say who is on the pictures."""
    folder = workspace.root / "pupils_photos"
    for label in ("anna", "year_nine"):
        for seed in range(3):
            save_picture(folder / label / f"{label} {seed}.png", draw_blob(seed))
    status = submit_run(OWNER, workspace, TrainConfig(folder))
    save_status(workspace, replace(status, state=RunState.FAILED, message="The secret model."))
    return workspace, status.id


@pytest.fixture
def connect(monkeypatch):
    """Open pages as a browser at an address, with these cookies."""
    monkeypatch.setattr(signed_in, "is_at_own_machine", is_at_own_machine)

    def connect(address: str | None, **cookies: str) -> None:
        headers = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
        context = SimpleNamespace(
            ip_address=address, headers=headers, cookies=cookies, timezone="UTC", url=""
        )
        monkeypatch.setattr(st, "context", context)
        monkeypatch.setattr(signed_in, "get_script_run_ctx", lambda **_: context)

    return connect


def open_page(file: PageFile, run_id: str) -> AppTest:
    """Open an address of the app, as a link that its owner sent by mistake."""
    page = AppTest.from_file(str(REPOSITORY / "pages/main.py"), default_timeout=TIMEOUT_S)
    page.query_params["dataset"] = "pupils"
    page.query_params["run"] = run_id
    page._page_hash = calc_hash("" if file is PageFile.HOME else file.removesuffix(".py"))
    page.run()
    assert not page.exception
    return page


def read_whole(page: AppTest) -> str:
    """Return all that is sent to the browser but the address that it sent itself."""
    text = "\n".join(str(node.proto) for area in (page.main, page.sidebar) for node in area)
    return re.sub(r"sign-in\?next=[\w%.+-]*", "sign-in", text)


@pytest.mark.parametrize(
    ("mode", "seen"),
    [
        ("own machine", ALL),
        ("own machine, stranger", set()),
        ("shared, signed in", ALL),
        ("shared, signed out", set()),
        ("demo", {PageFile.CLASSIFY}),
    ],
)
def test_pages_of_each_mode(private, connect, monkeypatch, mode, seen):
    _, run_id = private
    connect("192.0.2.7" if "stranger" in mode else None)
    if mode == "demo":
        monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    if mode.startswith("shared"):
        monkeypatch.setenv(PASSPHRASE_VARIABLE, hash_passphrase("correct horse battery"))
        connect("192.0.2.7", **({COOKIE: make_token()} if mode.endswith("in") else {}))
    # The owner's pages have tests of their own.
    for file in (PageFile.HOME, PageFile.DATASET, PageFile.CLASSIFY) if seen == ALL else PageFile:
        page = open_page(file, run_id)
        text = read_whole(page)
        is_led_on = file is PageFile.HOME and PageFile.CLASSIFY in seen
        assert ("Published models" in text) is (file not in seen and not is_led_on)
        leaked = [secret for secret in (*SECRETS, run_id) if secret in text]
        assert bool(leaked) is (seen == ALL)  # so a leak would be found


@pytest.fixture
def offered(private, monkeypatch):
    """A demo that offers workspaces, with those of two visitors, each with a dataset."""
    server, run_id = private
    monkeypatch.setenv(PUBLIC_VARIABLE, "1")
    monkeypatch.setenv(WORKSPACES_VARIABLE, "2")
    keys = [create_visitor_workspace(server) for _ in range(2)]
    for key, name in zip(keys, ("shells", "beetles"), strict=True):
        own = find_visitor_workspace(server, key)
        save_picture(own.root / f"{name}_photos" / name / "1.png", draw_blob(1))
    return keys, run_id


def test_visitor_sees_only_their_own_workspace(offered, connect):
    (own, other), run_id = offered
    connect("192.0.2.7", **{WORKSPACE_COOKIE: own})
    for file in PageFile:
        # The address is their own guess.
        text = read_whole(open_page(file, run_id)).replace('no dataset \\"pupils', "")
        is_hidden = file in (PageFile.LABEL, PageFile.EVALUATION)
        assert ("not available in a workspace" in text) is is_hidden
        assert not [one for one in (*SECRETS, own, other, "beetles", "visitors/") if one in text]
        assert "shells" in text  # in the sidebar at least
        for forbidden in ("publish", "save_project", "key_name", "model_zip", "start_tensorboard"):
            assert f'"{forbidden}"' not in text


def test_note_on_the_workspace_is_on_each_page_once(offered, connect):
    (own, _), run_id = offered
    connect("192.0.2.7", **{WORKSPACE_COOKIE: own})
    for file in (PageFile.HOME, PageFile.TRAINING):
        page = open_page(file, run_id)
        notes = [note for note in page.info if "This is your own workspace" in note.value]
        assert len(notes) == 1


def test_visitor_reads_their_place_in_the_line(offered, connect):
    keys, _ = offered
    waiting._read_line.clear()
    server = Workspace.default()
    submit_run(OWNER, server, TrainConfig(server.root / "pupils_photos"))
    first, second = [submit_as_visitor(find_visitor_workspace(server, key)) for key in keys]
    for key, run, place in zip(keys, (first, second), ("2nd", "3rd"), strict=True):
        connect("192.0.2.7", **{WORKSPACE_COOKIE: key})
        (bar,) = (one for one in open_page(PageFile.TRAINING, run.id).main.get("progress"))
        assert f"{place} in line" in bar.proto.text


def test_owner_stops_the_training_of_a_visitor_to_start_their_own(offered, connect, monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hash_passphrase("correct horse battery"))
    (key, _), _ = offered
    server = Workspace.default()
    own = find_visitor_workspace(server, key)
    theirs = submit_as_visitor(own)
    save_status(own, replace(theirs, state=RunState.RUNNING))
    mine = submit_run(OWNER, server, TrainConfig(server.root / "pupils_photos"))
    connect("192.0.2.7", **{COOKIE: make_token()})
    page = open_page(PageFile.TRAINING, mine.id)
    text = read_whole(page)
    assert "Waiting for a visitor's training to finish" in text.replace("\\", "")
    assert not [one for one in ("shells", own.root.name) if one in text]
    page.button(key="stop_visitor").click().run()
    assert not page.exception
    assert read_stop_request(own.runs / theirs.id) == KEEP_BEST
    assert "training is stopping" in read_whole(page)


@pytest.mark.parametrize("cookie", ["../../pupils_photos", "f" * 32])
def test_visitor_without_a_workspace_is_offered_one(offered, connect, cookie):
    (own, other), run_id = offered
    connect("192.0.2.7", **{WORKSPACE_COOKIE: cookie})
    for file in (PageFile.HOME, PageFile.DATASET):
        text = read_whole(open_page(file, run_id))
        assert "Try training here" in text
        assert ("Your workspace was deleted" in text) is (cookie == "f" * 32)
        leaked = (*SECRETS, own, other, "beetles", "shells")
        assert not [secret for secret in leaked if secret in text]


def test_pages_ask_whose_workspace_it_is():
    """`Workspace.default()` is the owner's: only what visitors share may name it."""
    found = {
        path.relative_to(REPOSITORY / "pages").as_posix()
        for path in (REPOSITORY / "pages").rglob("*.py")
        if "Workspace.default()" in path.read_text("utf-8")
    }
    shared = {"answer_files", "answer_summary", "answering", "earlier_answers", "kept_room"}
    shared |= {"sky_object_work"}
    assert found == {
        "components/lifespan.py",
        "components/offered_models.py",
        "components/picture_input.py",
        "components/server_stack.py",
        "components/signed_in.py",
        "components/training/waiting.py",
        "components/workspace_routes.py",
        *(f"components/classify/{name}.py" for name in shared),
    }
