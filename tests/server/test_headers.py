import pytest
from starlette.responses import PlainTextResponse

from cluster_core.errors import ConfigError
from cluster_core.server.headers import FRAMES_VARIABLE, SecurityHeadersMiddleware, read_frames
from tests.server.asgi import make_scope, send


def get_headers(response, frames=()):
    return send(SecurityHeadersMiddleware(response, frames), make_scope()).headers


def test_every_response_has_security_headers():
    found = get_headers(PlainTextResponse("not found", 404))
    assert "default-src 'self'" in found["content-security-policy"]
    assert "object-src 'none'" in found["content-security-policy"]
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "same-origin"
    assert "camera=(self)" in found["permissions-policy"]
    assert found["cross-origin-opener-policy"] == "same-origin"


def test_stricter_policy_of_a_route_stays():
    own = {"Content-Security-Policy": "default-src 'none'"}
    found = get_headers(PlainTextResponse("page", headers=own))
    assert found["content-security-policy"] == "default-src 'none'"


def test_only_configured_sites_may_show_the_pages_in_a_frame(monkeypatch):
    page = PlainTextResponse("page")
    assert "frame-ancestors 'self'" in get_headers(page)["content-security-policy"].split("; ")
    monkeypatch.setenv(FRAMES_VARIABLE, "https://school.example, https://*.example:8443")
    allowed = "frame-ancestors 'self' https://school.example https://*.example:8443"
    assert allowed in get_headers(page, read_frames())["content-security-policy"].split("; ")


@pytest.mark.parametrize(
    "site", ["school.example", "https://a.example; script-src *", "*", "'none'"]
)
def test_malformed_site_is_reported(monkeypatch, site):
    monkeypatch.setenv(FRAMES_VARIABLE, site)
    with pytest.raises(ConfigError, match=r"write it like https://school\.example"):
        read_frames()
