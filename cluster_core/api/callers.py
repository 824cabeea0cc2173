"""Who calls the API, and what they may do."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from starlette.requests import Request

from cluster_core.access import Mode, read_mode
from cluster_core.api.clients import is_cross_origin, is_from_this_computer
from cluster_core.api.keys import ApiKey, Scope, find_key, note_use
from cluster_core.api.problems import ApiError
from cluster_core.errors import ConfigError
from cluster_core.server.client import find_client
from cluster_core.workspace import Workspace

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes
    ----------
    counted_as : str or None
        Whose limit of pictures a minute applies; None for a program on the owner's own computer.
    sees_all : bool
        Whether they may use every model, or only those that visitors may.
    """

    counted_as: str | None
    sees_all: bool


def identify(request: Request, workspace: Workspace, scope: Scope) -> Caller:
    """Return who calls, if they may.

    Parameters
    ----------
    request : Request
    workspace : Workspace
        The workspace of the API's keys.
    scope : Scope
        What the request needs.

    Returns
    -------
    Caller

    Raises
    ------
    ApiError
        401 without a key where one is needed, or with one that is unknown or revoked; 403 with
        a key for something else, or for a page of another site.
    """
    if authorization := request.headers.get("authorization"):
        key = _check_key(authorization, workspace, scope)
        return Caller(f"key {key.id}", sees_all=True)
    if is_cross_origin(request):
        raise ApiError(
            403,
            "Pages of other sites may not use this server without an API key: send one in the "
            "header Authorization, and have the server's owner add your site to those allowed.",
        )
    mode = read_mode()
    if mode is Mode.DEMO:
        return Caller(find_client(request.scope), sees_all=False)
    if mode is Mode.OWN_MACHINE and is_from_this_computer(request):
        return Caller(None, sees_all=True)
    raise ApiError(
        401,
        "This server answers other computers only with an API key, sent as `Authorization: Bearer "
        "KEY`: its owner makes one on Models, or with `python -m cluster_core keys create NAME`.",
        headers=_CHALLENGE,
    )


def _check_key(authorization: str, workspace: Workspace, scope: Scope) -> ApiKey:
    kind, _, secret = authorization.partition(" ")
    key = find_key(workspace, secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise ApiError(
            401,
            "This API key is unknown, or was revoked: send a valid one as "
            "`Authorization: Bearer KEY`, or ask the server's owner for one.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    if scope not in key.scopes:
        raise ApiError(
            403,
            f"This API key may not {scope}: ask the server's owner for one that may.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
        )
    with suppress(ConfigError):  # the date is not worth a refusal
        note_use(workspace, key)
    return key
