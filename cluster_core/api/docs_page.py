"""The description of the API, and the page that shows it (RapiDoc, from our own files)."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from cluster_core.api.description import describe_api
from cluster_core.model.backbones.shipped import ASSETS

_FOLDER = ASSETS / "api_docs"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def add_docs(api: FastAPI) -> None:
    """Add the routes of the description and its page."""
    api.add_route("/", _redirect, include_in_schema=False)
    api.add_route("/openapi.json", _send_description, include_in_schema=False)
    api.add_route("/docs", _send_page, include_in_schema=False)
    api.add_route("/docs/rapidoc.js", _send_script, include_in_schema=False)


async def _redirect(request: Request) -> Response:
    return RedirectResponse(f"{request.scope['root_path']}/docs")


async def _send_description(request: Request) -> Response:
    return JSONResponse(describe_api(request.app, request.scope["root_path"]))


async def _send_page(request: Request) -> Response:
    return FileResponse(_FOLDER / "page.html", headers=_HEADERS)


async def _send_script(request: Request) -> Response:
    headers = {**_HEADERS, "Cache-Control": "public, max-age=86400"}
    return FileResponse(_FOLDER / "rapidoc-min.js", media_type="text/javascript", headers=headers)
