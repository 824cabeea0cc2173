"""A provider of OpenID Connect that signs in whoever a test names, without asking."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from tests.api.conftest import run_app

CLIENT_ID = "cluster-lab"
CLIENT_SECRET = secrets.token_hex(16)


@dataclass
class Provider:
    """A running provider.

    Attributes
    ----------
    url : str
    account : dict
        What it says about the next person who signs in.
    """

    url: str = ""
    account: dict[str, Any] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "test"}))
    nonces: dict[str, str] = field(default_factory=dict)

    def make_app(self) -> Starlette:
        """Return the provider as an ASGI application."""
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.issue, methods=["POST"]),
                Route("/keys", self.list_keys),
            ]
        )

    def describe(self, _: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def authorize(self, request: Request) -> RedirectResponse:
        asked = request.query_params
        code = secrets.token_hex(8)
        self.nonces[code] = asked["nonce"]
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}")

    async def issue(self, request: Request) -> JSONResponse:
        nonce = self.nonces.pop(str((await request.form())["code"]))
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": "1", "iat": now, "exp": now + 300}
        token = jwt.encode(
            {"alg": "RS256", "kid": "test"}, {**claims, "nonce": nonce, **self.account}, self.key
        )
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def list_keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})


@contextmanager
def run_provider() -> Iterator[Provider]:
    """Run a provider on a free port of this computer."""
    provider = Provider()
    with run_app(provider.make_app()) as port:
        provider.url = f"http://127.0.0.1:{port}"
        yield provider
