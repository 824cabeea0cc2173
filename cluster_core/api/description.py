"""The parts of the API's description (OpenAPI) that FastAPI cannot know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from cluster_core.api.bodies import MAX_FILE_BYTES, MAX_FILES
from cluster_core.api.documents import NothingReadable, ProblemDetails
from cluster_core.api.problems import MEDIA_TYPE

KEY_SCHEME = "API key"
INTRODUCTION = """\
Label pictures with the models of this server.

Programs on the server's own computer need no API key. Others send one, made on the page Models, as
`Authorization: Bearer KEY`; a public demo answers without one, with the published models
and the starter model.
"""
_BINARY = {"type": "string", "format": "binary"}
PICTURES: dict[str, Any] = {
    "required": True,
    "description": f"Pictures of up to {MAX_FILE_BYTES // 1_000_000} MB each, in any format that "
    "Classify reads: JPEG, PNG, TIFF, FITS and others.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["files"],
                "properties": {
                    "files": {
                        "type": "array",
                        "items": _BINARY,
                        "minItems": 1,
                        "maxItems": MAX_FILES,
                    }
                },
                "additionalProperties": False,
            }
        },
        "image/*": {"schema": _BINARY},
        "application/octet-stream": {"schema": _BINARY},
    },
}
_REASONS = {
    400: "The body is malformed, or has no picture or too many.",
    401: "An API key is needed, or this one is unknown or was revoked.",
    403: "The API key may not do this, or the page of another site asks.",
    404: "There is no such model.",
    408: "The body did not arrive in time, or too slowly.",
    413: "A picture is too large.",
    415: "The body is neither a form nor a picture.",
    422: "None of the pictures can be read: `answers` has a sentence for each.",
    429: "Too many requests or pictures in a minute.",
    500: "A bug, with an id that is also in the server's log.",
    503: "The model cannot be used now, or the server has too many requests at once.",
}
_HEADERS = {
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}},
    503: {
        "Retry-After": {
            "schema": {"type": "integer"},
            "description": "Seconds to wait, if there are too many requests.",
        }
    },
    401: {"WWW-Authenticate": {"schema": {"type": "string"}}},
}


def document_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses` for these statuses of problems."""
    responses: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        kind = NothingReadable if status == 422 else ProblemDetails  # noqa: PLR2004
        responses[status] = {"model": kind, "description": _REASONS[status]}
        if status in _HEADERS:
            responses[status]["headers"] = _HEADERS[status]
    return responses


def describe_api(api: FastAPI, path: str) -> dict[str, Any]:
    """Return the description of an API.

    Parameters
    ----------
    api : FastAPI
    path : str
        Where it is mounted.
    """
    described = get_openapi(
        title=api.title,
        version=api.version,
        description=api.description,
        routes=api.routes,
        servers=[{"url": path}],
    )
    for operations in described["paths"].values():
        for operation in operations.values():
            if "security" in operation:  # not everybody needs a key
                operation["security"].append({})
            for status in operation["responses"].values():
                _rename_media_type(status)
    return described


def _rename_media_type(response: dict[str, Any]) -> None:
    """Say that a problem is of its own media type; FastAPI only knows JSON."""
    content = response.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    if schema.get("$ref", "").endswith((ProblemDetails.__name__, NothingReadable.__name__)):
        content[MEDIA_TYPE] = content.pop("application/json")
