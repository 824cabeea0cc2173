"""Published models at `/m/`: a gallery, and static pages that answer in the visitor's browser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.publishing.aliases import is_content_id
from cluster_core.publishing.gallery import make_gallery, make_missing_page, make_policy
from cluster_core.publishing.store import find_published, list_published
from cluster_core.workspace import Workspace

_INDEX, _WORKER = "index.html", "service-worker.js"
# Earlier visitors have a copy of the page, with a worker that the browser compares with the
# server's at each visit: this one ends the copy.
_FAREWELL = (ASSETS / "gallery" / "farewell-worker.js").read_text("utf-8")
_FRESH = {"Cache-Control": "no-cache"}
_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_OTHER_TYPE = "application/octet-stream"  # networks and arrays, which hardly get smaller
_FOREVER = "public, max-age=31536000, immutable"
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
# The pages hold nothing of the app and no sign-in, so any site may frame them.
_PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)


def list_routes(base: str = "") -> list[Route]:
    """Return the routes, below the path `base` that the server is at."""
    return [
        Route(f"{base}/m", add_slash),
        Route(f"{base}/m/", send_gallery),
        Route(f"{base}/m/{{name}}", add_slash),
        Route(f"{base}/m/{{name}}/{{path:path}}", send_file),
    ]


def add_slash(request: Request) -> Response:
    """Redirect to the same address with a slash, which the relative links of a page need."""
    last = quote(PurePosixPath(request.scope["path"]).name)
    query = f"?{request.url.query}" if request.url.query else ""
    # Relative, since a proxy may serve the app at another address.
    return RedirectResponse(f"./{last}/{query}", 308, headers=_HEADERS)


def send_gallery(request: Request) -> Response:
    """Answer with the gallery of all published models."""
    content = make_gallery(list_published(Workspace.default()))
    return _send_page(content, 200)


def send_file(request: Request) -> Response:
    """Answer with a file of a published model."""
    name, path = request.path_params["name"], request.path_params["path"]
    model = find_published(Workspace.default(), name)
    file = model.find_file(path or _INDEX) if model else None
    if model is None and path == _WORKER:
        return Response(_FAREWELL, media_type="text/javascript", headers={**_HEADERS, **_FRESH})
    if model is None or file is None:
        return _send_page(make_missing_page("../" * (1 + path.count("/"))), 404)
    headers = {
        **_HEADERS,
        "Cache-Control": _FOREVER if is_content_id(name) else "no-cache",
        "Content-Security-Policy": _PAGE_POLICY,
        "ETag": f'"{model.content_id}"',
    }
    if _is_known(request.headers, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    media_type = _MEDIA_TYPES.get(file.suffix, _OTHER_TYPE)
    if media_type == _OTHER_TYPE:
        headers["Content-Encoding"] = "identity"  # or Streamlit compresses it for each visitor
    return FileResponse(file, media_type=media_type, headers=headers, stat_result=file.stat())


def _is_known(headers: Mapping[str, str], etag: str) -> bool:
    known = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return etag in known or "*" in known


def _send_page(content: str, status: int) -> Response:
    headers = {
        **_HEADERS,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": make_policy(),
    }
    return HTMLResponse(content, status, headers=headers)
