"""Save and load a project on Home, and the route of the download."""

from __future__ import annotations

import io

import pytest

from cluster_core.access import Access
from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.access.tokens import make_token, sign_out
from cluster_core.data.catalog import list_datasets
from cluster_core.projects.loading import preview_project
from cluster_core.projects.saving import save_project
from cluster_core.server.own_machine import is_at_own_machine
from cluster_core.storage.trash import list_trash
from cluster_core.training.config import TrainConfig
from cluster_core.training.runs.folder import submit_run
from pages.components import signed_in
from pages.components.home import project_files
from pages.components.home.project_files import list_routes, make_project_address
from pages.components.signed_in import COOKIE
from tests.pages.opening import open_file
from tests.pages.routes import fetch_route
from tests.samples import write_photos

OWNER = Access.owner()


@pytest.fixture
def stars(workspace):
    return write_photos(workspace.root / "stars_photos", 2)


@pytest.fixture(autouse=True)
def no_tickets(monkeypatch):
    """Begin without tickets."""
    monkeypatch.setattr(project_files, "_tickets", {})


def fetch(address: str, *client: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return fetch_route(list_routes(), address, *client, **headers)


def click(page, key):
    page.button(key=key).click().run()
    assert not page.exception
    return page


def give(page, content: bytes):
    page.file_uploader(key="project_zip").set_value([("project.zip", content, "application/zip")])
    page.run()
    assert not page.exception
    return page


def load(content: bytes):
    page = give(click(open_file("home.py"), "load_project"), content)
    return click(page, "confirm_load_project")


@pytest.fixture
def saved(workspace, stars, tmp_path) -> bytes:
    save_project(OWNER, workspace, tmp_path / "p.zip")
    return (tmp_path / "p.zip").read_bytes()


def test_download_holds_the_project(workspace, stars):
    address = make_project_address(OWNER, workspace, ())
    status, headers, body = fetch(address)
    assert status == 200
    assert "attachment" in headers["content-disposition"]
    assert preview_project(io.BytesIO(body)).datasets == {"stars": 4}


def test_download_needs_a_valid_ticket_of_somebody_who_may(workspace, stars, monkeypatch):
    assert fetch(f"project/{'0' * 32}/project.zip")[0] == 404
    forbidden = make_project_address(Access("visitor", frozenset()), workspace, ())
    assert fetch(forbidden)[0] == 403
    address = make_project_address(OWNER, workspace, ())
    monkeypatch.setattr(project_files, "_VALID_S", -1)
    assert fetch(address)[0] == 404


def test_address_stays_the_same_until_it_is_used_once(workspace, stars):
    address = make_project_address(OWNER, workspace, ())
    assert make_project_address(OWNER, workspace, ()) == address
    assert [fetch(address)[0] for _ in range(2)] == [200, 404]
    assert make_project_address(OWNER, workspace, ()) != address


def test_address_is_worth_nothing_elsewhere_or_after_signing_out(workspace, stars, monkeypatch):
    monkeypatch.setattr(signed_in, "is_at_own_machine", is_at_own_machine)
    address = make_project_address(OWNER, workspace, ())
    assert fetch(address, "192.168.1.7")[0] == 404
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hash_passphrase("correct horse battery"))
    token = make_token()
    assert fetch(address)[0] == 404
    sign_out(token)
    assert fetch(address, Cookie=f"{COOKIE}={token}")[0] == 404
    assert fetch(address, "192.168.1.7", Cookie=f"{COOKIE}={make_token()}")[0] == 200


def test_empty_workspace_is_a_sentence(workspace):
    status, headers, body = fetch(make_project_address(OWNER, workspace, ()))
    assert (status, headers["content-type"][:10]) == (409, "text/plain")
    assert body.startswith(b"There is nothing to save yet")


def test_what_is_left_out_is_said_before_the_download(workspace, stars):
    submit_run(OWNER, workspace, TrainConfig(stars))
    page = click(open_file("home.py"), "save_project")
    assert any("Left out 1 training that has not ended" in one.value for one in page.markdown)


def test_tickets_do_not_pile_up(workspace, monkeypatch):
    monkeypatch.setattr(project_files, "_tickets", {})
    monkeypatch.setattr(project_files, "_MAX_TICKETS", 3)
    monkeypatch.setattr(project_files.st, "session_state", {}, raising=False)
    for _ in range(9):
        project_files.st.session_state.clear()
        make_project_address(OWNER, workspace, ())
    assert len(project_files._tickets) == 3


def test_loading_is_previewed_and_can_be_undone(workspace, saved, stars):
    stars.rename(stars.with_name("other_photos"))
    page = give(click(open_file("home.py"), "load_project"), saved)
    (info,) = page.info
    assert "1 dataset, 4 pictures" in info.value
    assert list_datasets(workspace) == ("other",)
    page = click(page, "confirm_load_project")
    assert page.success[0].value == "Added 1 dataset."
    assert list_datasets(workspace) == ("other", "stars")
    page = click(page, "undo")
    assert list_datasets(workspace) == ("other",)
    assert len(list_trash(workspace)) == 1


def test_new_names_are_listed(workspace, saved, stars):
    min((stars / "red stars").iterdir()).unlink()
    page = load(saved)
    assert any("was added as stars (2)" in text.value.replace("\\", "") for text in page.markdown)
    assert list_datasets(workspace) == ("stars", "stars (2)")


def test_other_file_is_one_sentence(workspace, stars):
    page = give(click(open_file("home.py"), "load_project"), b"nothing")
    (error,) = page.error
    assert "not a .zip" in error.value
    assert "confirm_load_project" not in [button.key for button in page.button]
