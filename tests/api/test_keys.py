"""API keys: made, listed, revoked, and never kept in the clear."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from cluster_core import cli
from cluster_core.access import Access
from cluster_core.api import keys as keys_module
from cluster_core.api.keys import Scope, create_key, find_key, list_keys, note_use, revoke_key
from cluster_core.errors import AccessError, ConfigError

OWNER, VISITOR = Access.owner(), Access("visitor", frozenset())


def run(*arguments: str):
    return CliRunner().invoke(cli.main, ["keys", *arguments])


def test_key_is_found_by_its_secret_until_it_is_revoked(workspace):
    secret, key = create_key(OWNER, workspace, " the  telescope ", [Scope.CLASSIFY])
    assert len(secret) > 43
    assert (key.name, key.scopes) == ("the telescope", (Scope.CLASSIFY,))
    assert find_key(workspace, secret) == key
    assert list_keys(OWNER, workspace) == (key,)
    assert revoke_key(OWNER, workspace, key.id) == key
    assert find_key(workspace, secret) is None
    assert list_keys(OWNER, workspace) == ()


def test_damaged_file_is_not_replaced_by_a_new_key(workspace):
    create_key(OWNER, workspace, "telescope")
    damaged = workspace.api_keys.read_text().replace('"read"', '"all"')
    workspace.api_keys.write_text(damaged)
    with pytest.raises(ConfigError, match="are damaged: restore"):
        create_key(OWNER, workspace, "dome")
    assert workspace.api_keys.read_text() == damaged


@pytest.mark.parametrize("secret", ["", "clab_", "clab_x", "clab_\udcff", "x" * 10_000])
def test_unknown_secret_finds_nothing(workspace, secret):
    create_key(OWNER, workspace, "telescope")
    assert find_key(workspace, secret) is None


def test_secret_is_not_on_disk_and_its_file_is_private(workspace):
    secret, _ = create_key(OWNER, workspace, "telescope")
    assert secret not in workspace.api_keys.read_text()
    if os.name != "nt":
        assert workspace.api_keys.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda workspace: create_key(VISITOR, workspace, "telescope"),
        lambda workspace: list_keys(VISITOR, workspace),
        lambda workspace: revoke_key(VISITOR, workspace, "0" * 8),
    ],
)
def test_visitor_may_not_manage_keys(workspace, change):
    with pytest.raises(AccessError, match="manage API keys"):
        change(workspace)
    assert not workspace.root.exists()


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "x" * 61])
def test_odd_name_is_refused(workspace, name):
    with pytest.raises(ConfigError, match="1 to 60 visible characters"):
        create_key(OWNER, workspace, name)


def test_key_without_scopes_is_refused(workspace):
    with pytest.raises(ConfigError, match="read, classify or both"):
        create_key(OWNER, workspace, "telescope", [])


def test_last_use_is_kept_once_a_day(workspace, monkeypatch):
    secret, key = create_key(OWNER, workspace, "telescope")
    note_use(workspace, key)
    used = find_key(workspace, secret)
    assert used.last_used == used.created
    monkeypatch.setattr(keys_module, "_changing", None)  # a second write would fail
    note_use(workspace, used)


def test_keys_made_at_once_are_all_kept(workspace):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: create_key(OWNER, workspace, f"key {n}")[1], range(16)))
    assert {key.id for key in list_keys(OWNER, workspace)} == {key.id for key in made}


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '[{"id": "a"}]', "[" * 100_000, '[{"id": 1, "scopes": ["all"]}]']
)
def test_damaged_file_opens_nothing(workspace, content):
    secret, _ = create_key(OWNER, workspace, "telescope")
    workspace.api_keys.write_text(content)
    assert find_key(workspace, secret) is None
    assert list_keys(OWNER, workspace) == ()


def test_command_makes_lists_and_revokes(workspace):
    made = run("create", "telescope", "--scope", "classify")
    assert made.exit_code == 0, made.output
    assert find_key(workspace, made.stdout.strip()).scopes == (Scope.CLASSIFY,)
    assert "not shown again" in made.stderr
    record = json.loads(run("list", "--json").stdout)
    assert (record["name"], record["scopes"], record["last_used"]) == (
        "telescope",
        ["classify"],
        "",
    )
    assert "sha256" not in record
    assert "telescope  (classify)" in run("list").stdout
    revoked = run("revoke", record["id"])
    assert revoked.stdout == "Revoked telescope: requests with this key are refused.\n"
    assert run("list").stdout == ""
    assert find_key(workspace, made.stdout.strip()) is None


def test_command_reports_an_unknown_id(workspace):
    result = run("revoke", "nope")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: There is no API key 'nope'")
