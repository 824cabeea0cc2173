"""The owner's passphrase: its hash, the limit of attempts, and the tokens of those who gave it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cluster_core.access import attempts, tokens
from cluster_core.access.attempts import IN_ALL, PER_CLIENT, Attempts
from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import (
    check_passphrase_hash,
    hash_passphrase,
    is_passphrase,
)
from cluster_core.cli import main
from cluster_core.errors import ConfigError
from tests.samples import REPOSITORY

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def hashed() -> str:
    return hash_passphrase(WORDS)


@pytest.fixture
def configured(hashed, monkeypatch) -> str:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hashed)
    return hashed


def test_only_the_right_passphrase_matches(configured):
    check_passphrase_hash()
    assert is_passphrase(WORDS)
    for wrong in ("", WORDS[:-1], WORDS.upper(), "\ud800", "x" * 2000, configured):
        assert not is_passphrase(wrong)


def test_hash_has_a_salt_and_not_the_passphrase(hashed):
    assert hash_passphrase(WORDS) != hashed
    assert WORDS not in hashed


@pytest.mark.parametrize("short", ["", "elevenchars", "x" * 1001])
def test_short_and_endless_passphrases_are_refused(short):
    with pytest.raises(ConfigError, match="needs 12 to 1,000 characters"):
        hash_passphrase(short)


@pytest.mark.parametrize("malformed", ["secret", "scrypt:a:b", "scrypt:" + "0" * 32 + ":zz", "::"])
def test_malformed_hash_is_reported_and_lets_nobody_in(malformed, monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, malformed)
    with pytest.raises(ConfigError, match="is not a hash"):
        check_passphrase_hash()
    assert not is_passphrase(malformed)


def test_command_prints_what_to_set(monkeypatch):
    result = CliRunner().invoke(main, ["passphrase"], input=f"{WORDS}\n{WORDS}\n")
    assert result.exit_code == 0
    name, _, value = result.stdout.splitlines()[-1].partition("=")
    monkeypatch.setenv(name, value)
    assert is_passphrase(WORDS)


def test_attempts_of_one_client_are_limited_until_they_are_old(monkeypatch):
    now_s = 0.0
    monkeypatch.setattr(attempts.time, "monotonic", lambda: now_s)
    limit = Attempts()
    assert [limit.take("a") for _ in range(PER_CLIENT + 1)] == [True] * PER_CLIENT + [False]
    assert limit.take("b")
    now_s = attempts.WINDOW_S + 1
    assert limit.take("a")


def test_attempts_of_all_clients_together_are_limited():
    limit = Attempts()
    assert all(limit.take(f"client {number}") for number in range(IN_ALL))
    assert not limit.take("another")


def test_right_passphrase_forgets_the_attempts_before():
    limit = Attempts()
    for _ in range(PER_CLIENT):
        limit.take("a")
    limit.forget("a")
    assert limit.take("a")


def test_token_is_valid_until_it_expires(configured, monkeypatch):
    token = tokens.make_token()
    assert tokens.is_valid(token)
    late_s = tokens.time.time() + tokens.LIFETIME_S + 1
    monkeypatch.setattr(tokens.time, "time", lambda: late_s)
    assert not tokens.is_valid(token)


def test_replayed_token_is_refused_after_signing_out(configured, workspace):
    token, other = tokens.make_token(), tokens.make_token()
    tokens.sign_out(token)
    assert not tokens.is_valid(token)
    assert tokens.is_valid(other)


def test_other_server_knows_who_signed_out(configured, workspace):
    token = tokens.make_token()
    tokens.sign_out(token)
    ask = (
        "import sys; from cluster_core.access.tokens import is_valid; print(is_valid(sys.argv[1]))"
    )
    for one, answer in ((token, "False"), (tokens.make_token(), "True")):
        command = [sys.executable, "-c", ask, one]
        assert subprocess.check_output(command, text=True, cwd=REPOSITORY).strip() == answer
    (file,) = workspace.signed_out.iterdir()
    assert not set(token.split(".")[1:]) & set(file.name.split("."))


def test_signed_out_tokens_are_forgotten_once_they_have_expired(configured, workspace, monkeypatch):
    tokens.sign_out(tokens.make_token())
    late_s = tokens.time.time() + tokens.LIFETIME_S + 10
    monkeypatch.setattr(tokens.time, "time", lambda: late_s)
    tokens.sign_out(tokens.make_token())
    assert len(list(workspace.signed_out.iterdir())) == 1


def test_forged_token_leaves_nothing_when_it_is_signed_out(configured, workspace):
    tokens.sign_out(tokens.make_token()[:-1] + "!")
    assert not workspace.root.exists()


def test_forged_tokens_are_refused(configured):
    expires, nonce, signature = tokens.make_token().split(".")
    for forged in (
        "",
        "..",
        f"{int(expires) + 1}.{nonce}.{signature}",
        f"{expires}.{nonce[:-1]}x.{signature}",
        f"{expires}.{nonce}.",
        f"{expires}.{nonce}.{'0' * 64}",
        f"{expires}.{nonce}.\xe9\ud800",
        "9" * 10_000,
    ):
        assert not tokens.is_valid(forged)


def test_new_passphrase_ends_all_sessions(configured, monkeypatch):
    token = tokens.make_token()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, hash_passphrase("another passphrase"))
    assert not tokens.is_valid(token)
    monkeypatch.delenv(PASSPHRASE_VARIABLE)
    assert not tokens.is_valid(token)
