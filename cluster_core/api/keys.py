"""API keys: made once, kept as hashes, revoked at any time."""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cluster_core.access import Access, Action
from cluster_core.errors import ConfigError
from cluster_core.model.bundle.summaries import clean_title
from cluster_core.storage.drafts import replacing
from cluster_core.storage.file_hashes import take_stamp
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_shown_text
from cluster_core.workspace import Workspace

MAX_NAME_LENGTH = 60
MAX_KEYS = 1000
_PREFIX = "clab_"
_SECRET_BYTES = 32
_MAX_FILE_BYTES = 1_000_000
_LOCK_TIMEOUT_S = 10


class Scope(StrEnum):
    """What a key may do."""

    READ = "read"
    CLASSIFY = "classify"


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept: without the key itself.

    Attributes
    ----------
    id : str
        Names it in lists and when it is revoked; 8 hexadecimal digits.
    name : str
        Who or what uses it, in the owner's words.
    scopes : tuple of Scope
        What it may do.
    sha256 : str
        Hash of the key.
    created : str
        Day on which it was made, ISO 8601, UTC.
    last_used : str
        Day on which it was last used; empty if never.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    sha256: str
    created: str
    last_used: str = ""


def create_key(
    access: Access, workspace: Workspace, name: str, scopes: Collection[Scope] = tuple(Scope)
) -> tuple[str, ApiKey]:
    """Make a key.

    Parameters
    ----------
    access : Access
    workspace : Workspace
        The workspace whose models it gives access to.
    name : str
        Who or what will use it: 1 to 60 visible characters.
    scopes : collection of Scope
        What it may do; at least one.

    Returns
    -------
    secret : str
        The key, which cannot be shown again.
    key : ApiKey
        What is kept of it.

    Raises
    ------
    AccessError
        They may not manage keys.
    ConfigError
        The name or the scopes cannot be used, or the keys cannot be saved.
    """
    access.require(Action.MANAGE_KEYS)
    name = clean_title(name)
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise _make_error(
            f"The name of a key has 1 to {MAX_NAME_LENGTH} visible characters: say who or what "
            "will use it.",
            name,
        )
    if not scopes:
        raise _make_error("A key must be allowed something: read, classify or both.", "")
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    today = _get_today().isoformat()
    ordered = tuple(scope for scope in Scope if scope in scopes)
    key = ApiKey(secrets.token_hex(4), name, ordered, _hash(secret), today)
    with _changing(workspace) as keys:
        if len(keys) >= MAX_KEYS:
            raise _make_error(f"There are {MAX_KEYS} keys already: revoke some first.", name)
        keys[key.id] = key
    return secret, key


def list_keys(access: Access, workspace: Workspace) -> tuple[ApiKey, ...]:
    """Return all keys that were not revoked, oldest first.

    Raises
    ------
    AccessError
        They may not manage keys.
    """
    access.require(Action.MANAGE_KEYS)
    return tuple(_load(_get_path(workspace)).values())


def revoke_key(access: Access, workspace: Workspace, key_id: str) -> ApiKey:
    """Delete a key; from now on, requests with it are refused.

    Returns
    -------
    ApiKey
        The key that was deleted.

    Raises
    ------
    AccessError
        They may not manage keys.
    ConfigError
        There is no such key, or the keys cannot be saved.
    """
    access.require(Action.MANAGE_KEYS)
    with _changing(workspace) as keys:
        if key_id not in keys:
            raise _make_error(
                f"There is no API key {key_id[:50]!r}, perhaps it was revoked: list them again.",
                key_id,
            )
        return keys.pop(key_id)


def find_key(workspace: Workspace, secret: str) -> ApiKey | None:
    """Return the key with this secret, or None. Cheap: the file is read when it has changed."""
    stamp = take_stamp(_get_path(workspace))
    if stamp is None or not secret.startswith(_PREFIX):
        return None
    # The hash is looked up, so the time that this takes says nothing about any key.
    return _load_by_hash(_get_path(workspace), stamp.file, stamp.state).get(_hash(secret))


def note_use(workspace: Workspace, key: ApiKey) -> None:
    """Keep today as the day on which a key was used last; written once a day.

    Raises
    ------
    ConfigError
        The keys cannot be saved.
    """
    today = _get_today().isoformat()
    if key.last_used == today:
        return
    with _changing(workspace) as keys:
        if key.id in keys:
            keys[key.id] = replace(keys[key.id], last_used=today)


def _hash(secret: str) -> str:
    # One round is enough: a slow hash protects secrets that can be guessed, and 256 random
    # bits cannot.
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _get_today() -> date:
    return datetime.now(UTC).date()


def _get_path(workspace: Workspace) -> Path:
    return workspace.api_keys


@functools.lru_cache(maxsize=8)
def _load_by_hash(path: Path, file: str, state: str) -> dict[str, ApiKey]:
    """Return the keys by their hash; identity and state of the file are part of the cache's key."""
    return {key.sha256: key for key in _load(path).values()}


@contextmanager
def _changing(workspace: Workspace) -> Iterator[dict[str, ApiKey]]:
    """Yield the keys by id, and save what the block makes of them."""
    import filelock  # takes 60 ms, and answering needs none

    path = _get_path(workspace)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=_LOCK_TIMEOUT_S):
            keys = _load_to_change(path)
            yield keys
            with replacing(path) as draft:
                draft.touch(mode=0o600)
                draft.write_text(json.dumps([asdict(key) for key in keys.values()], indent=1))
    except filelock.Timeout as error:
        raise _make_error("Another program is changing the API keys: try again.", "") from error
    except OSError as error:
        raise _make_error(
            f"The API keys could not be saved in {path} ({error.strerror}): make sure that the "
            "disk has free space and that you may write there.",
            "",
        ) from error


def _load_to_change(path: Path) -> dict[str, ApiKey]:
    """Return the keys by id; refuse a damaged file, since saving would lose what is in it."""
    try:
        return _read_file(path)
    except FileNotFoundError:
        return {}
    except MALFORMED_ERRORS as error:
        raise _make_error(
            f"The API keys in {path} are damaged: restore the file from a backup, or delete it "
            "and make new keys.",
            "",
        ) from error


def _load(path: Path) -> dict[str, ApiKey]:
    """Return the keys by id; a damaged file has none, so that it opens nothing."""
    try:
        return _read_file(path)
    except (OSError, *MALFORMED_ERRORS):
        return {}


def _read_file(path: Path) -> dict[str, ApiKey]:
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise ValueError("the file is too large")
    keys = map(_read, json.loads(path.read_text("utf-8")))
    return {key.id: key for key in keys}


def _read(record: dict[str, Any]) -> ApiKey:
    texts = {name: check_shown_text(record[name]) for name in ("id", "name", "sha256")}
    days = {name: check_shown_text(record[name]) for name in ("created", "last_used")}
    return ApiKey(scopes=tuple(map(Scope, record["scopes"])), **texts, **days)


def _make_error(message: str, received: str) -> ConfigError:
    return ConfigError(message, field="api_keys", received=received, allowed="see the message")
