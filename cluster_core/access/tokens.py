"""Signed tokens for a cookie: who has one has given the passphrase.

The key is made from the configured hash, so that a new passphrase ends all sessions, and several
servers with one configuration know each other's tokens. Who signed out is kept in the workspace,
for all of them, until the token would have expired.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from pathlib import Path

from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import has_passphrase
from cluster_core.workspace import Workspace

LIFETIME_S = 12 * 3600
_NONCE_BYTES = 16
_N_FIELDS = 3
_MAX_LENGTH = 200


def make_token() -> str:
    """Return a token that is valid for twelve hours."""
    content = f"{int(time.time()) + LIFETIME_S}.{secrets.token_hex(_NONCE_BYTES)}"
    return f"{content}.{_sign(content)}"


def is_valid(token: str) -> bool:
    """Tell whether a token was made here, is not too old, and was not signed out."""
    expires_s = _read(token)
    if expires_s is None or time.time() >= expires_s:
        return False
    return not _name_file(token).exists()


def sign_out(token: str) -> None:
    """End a token, so that a copy of its cookie is worth nothing.

    Raises
    ------
    OSError
        This cannot be kept in the workspace.
    """
    expires_s = _read(token)
    if expires_s is None:
        return
    file = _name_file(token)
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in file.parent.iterdir():
        if old.name.partition(".")[0] < str(int(time.time())):  # of as many digits until 2286
            old.unlink(missing_ok=True)
    file.touch()


def _name_file(token: str) -> Path:
    """Return the file that exists once a token, whose signature is right, was signed out."""
    expires, _, rest = token.partition(".")
    return Workspace.default().signed_out / f"{expires}.{hashlib.sha256(rest.encode()).hexdigest()}"


def _read(token: str) -> float | None:
    """Return when a token expires, or None if its signature is wrong."""
    fields = token.split(".")
    if not has_passphrase() or len(token) > _MAX_LENGTH or len(fields) != _N_FIELDS:
        return None
    content, signature = f"{fields[0]}.{fields[1]}", fields[2]
    if not hmac.compare_digest(_sign(content).encode(), signature.encode("utf-8", "replace")):
        return None
    return float(fields[0])


def _sign(content: str) -> str:
    secret = hashlib.sha256(b"session " + os.environ[PASSPHRASE_VARIABLE].strip().encode())
    return hmac.new(secret.digest(), content.encode("utf-8", "replace"), "sha256").hexdigest()
