"""Security headers of every response."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cluster_core.errors import ConfigError

# Sites whose pages may show this server in a frame, such as https://school.example.
FRAMES_VARIABLE = "CLUSTER_LAB_FRAMED_BY"
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")
_POLICY = {
    "default-src": "'self'",
    # Streamlit evaluates charts, and loads our components from blobs and in-line scripts.
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "connect-src": "'self' data: blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


def read_frames() -> tuple[str, ...]:
    """Return the sites that may show this server in a frame.

    Raises
    ------
    ConfigError
        One of them is not an origin.
    """
    found = tuple(filter(None, map(str.strip, os.environ.get(FRAMES_VARIABLE, "").split(","))))
    for site in found:
        if not _ORIGIN.fullmatch(site):
            raise ConfigError(
                f"{FRAMES_VARIABLE} names {site!r}: write it like https://school.example.",
                field=FRAMES_VARIABLE,
                received=site,
                allowed="https://host, separated by commas",
            )
    return found


class SecurityHeadersMiddleware:
    """Add security headers to each response, unless its route has set its own.

    Parameters
    ----------
    app : ASGI application
    frames : sequence of str
        Sites that may show the pages in a frame, from `read_frames`.
    """

    def __init__(self, app: ASGIApp, frames: Sequence[str] = ()) -> None:
        self._app = app
        policy = {**_POLICY, "frame-ancestors": " ".join(["'self'", *frames])}
        self._headers = {
            "Content-Security-Policy": "; ".join(" ".join(rule) for rule in policy.items()),
            "X-Content-Type-Options": "nosniff",
            # Addresses hold the names of datasets and the keys of answers.
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
