"""What a server checks before it starts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cluster_core.access.modes import OWNERS_VARIABLE
from pages.components import lifespan
from pages.components.lifespan import _PROVIDER_SETTINGS, check_environment

AUTH = dict.fromkeys(_PROVIDER_SETTINGS, "some text")


@pytest.fixture
def configure(monkeypatch):
    """Let people sign in with an account, as far as it is set up."""

    def configure(auth, *, has_authlib=True):
        monkeypatch.setenv(OWNERS_VARIABLE, "ann@lab.example")
        secrets = SimpleNamespace(
            load_if_toml_exists=lambda: auth is not None, get=lambda name, default: auth
        )
        monkeypatch.setattr(lifespan, "st", SimpleNamespace(secrets=secrets))
        monkeypatch.setattr(lifespan, "find_spec", lambda name: object() if has_authlib else None)

    return configure


def test_server_with_accounts_starts(configure):
    configure(AUTH)
    check_environment()


@pytest.mark.parametrize(
    ("auth", "lacking"), [(None, "redirect_uri"), ({**AUTH, "client_id": ""}, "lacks client_id:")]
)
def test_accounts_without_a_provider_are_refused_in_one_sentence(configure, auth, lacking):
    configure(auth)
    with pytest.raises(SystemExit, match=f"^Error: {OWNERS_VARIABLE} is set, but .*{lacking}"):
        check_environment()


def test_accounts_without_authlib_are_refused_in_one_sentence(configure):
    configure(AUTH, has_authlib=False)
    with pytest.raises(SystemExit, match=r"^Error: .* Authlib and httpx are not installed"):
        check_environment()
