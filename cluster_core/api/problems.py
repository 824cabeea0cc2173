"""Answer every failure with one sentence, as problem details (RFC 9457)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster_core.errors import ClusterError
from cluster_core.events import report_event
from cluster_core.storage.saved_values import make_printable

MEDIA_TYPE = "application/problem+json"
_REFUSALS = (401, 403, 429)
_logger = logging.getLogger(__name__)
_SENTENCES: Mapping[int, str] = {
    404: "There is nothing at this address: its paths are listed at /api/v1/docs.",
    405: "This address does not take this method: the header Allow names those that it takes.",
}


class ApiError(ClusterError):
    """A request cannot be answered.

    Attributes
    ----------
    status : int
        The HTTP status.
    headers : mapping of str to str
        More headers of the response.
    more : mapping
        More members of the JSON object.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.more = more or {}


def make_response(problem: ApiError) -> Response:
    """Return the response for a problem, and report a refusal."""
    if problem.status in _REFUSALS:
        report_event("refused", reason=f"API: {HTTPStatus(problem.status).phrase.lower()}")
    content = {
        "type": "about:blank",  # the status says it all
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": make_printable(str(problem)),
        **problem.more,
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JSONResponse(content, problem.status, headers, media_type=MEDIA_TYPE)


def handle_problems(api: FastAPI) -> None:
    """Make an API answer errors with problem details."""
    api.add_exception_handler(ClusterError, _answer_cluster_error)
    api.add_exception_handler(HTTPException, _answer_http_exception)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    # Outside the handlers, and inside Starlette's own, which would raise the error again.
    api.add_middleware(_BugCatcher)


async def _answer_cluster_error(_: Request, error: Exception) -> Response:
    if isinstance(error, ApiError):
        return make_response(error)
    # A model or its network that cannot be used now: the server's owner can mend it.
    return make_response(ApiError(503, str(error)))


async def _answer_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.status_code, f"The request failed: {error.detail}.")
    return make_response(ApiError(error.status_code, sentence, headers=error.headers))


async def _answer_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return make_response(ApiError(422, f"The value of {where} cannot be used: {first['msg']}."))


class _BugCatcher:
    """Log a bug, and answer with an apology that shows nothing of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_started = False

        async def watch(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:  # nobody is left to answer
            return
        except Exception:
            error_id = secrets.token_hex(4)
            _logger.exception("Error %s in the API", error_id)
            if not is_started:
                sentence = (
                    "Something went wrong on the server, and nothing was changed: try again, or "
                    f"report the id {error_id} to the person who runs it."
                )
                await make_response(ApiError(500, sentence))(scope, receive, send)
