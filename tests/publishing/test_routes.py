"""Published models as a visitor's browser fetches them."""

from __future__ import annotations

import pytest

from cluster_core.model.export.web import PageText
from cluster_core.publishing.routes import list_routes
from cluster_core.publishing.store import republish, unpublish
from cluster_core.serve import make_app
from tests.fetching import fetch
from tests.publishing.samples import (  # noqa: F401 (a fixture)
    OWNER,
    publish_starter,
    simple_pages,
)

pytestmark = pytest.mark.usefixtures("simple_pages")


def get(address: str, method: str = "GET", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return fetch(list_routes(), address, method, named)


@pytest.fixture
def published(workspace):
    return publish_starter(workspace)


@pytest.mark.parametrize("is_alias", [True, False])
def test_page_is_sent_for_its_alias_and_its_content(published, is_alias):
    name = published.alias if is_alias else published.content_id
    status, headers, body = get(f"m/{name}/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert body == b"<h1>Star clusters</h1>"
    assert headers["etag"] == f'"{published.content_id}"'
    assert headers["cache-control"].endswith("no-cache" if is_alias else "immutable")
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors *" in headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.wasm", "application/wasm"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("js/main.js", "text/javascript; charset=utf-8"),
        ("a.webmanifest", "application/manifest+json"),
        ("network.tflite", "application/octet-stream"),
        ("a.wasm.gz", "application/octet-stream"),
    ],
)
def test_files_have_their_media_type(published, name, media_type):
    (published.folder / name).touch()
    status, headers, _ = get(f"m/star-clusters/{name}")
    assert (status, headers["content-type"]) == (200, media_type)


def test_network_is_sent_as_it_is(published):
    _, headers, body = get("m/star-clusters/network.tflite", accept_encoding="gzip")
    assert headers["content-encoding"] == "identity"
    assert body == bytes(range(100))


def test_head_sends_no_body(published):
    status, headers, body = get("m/star-clusters/network.tflite", "HEAD")
    assert (status, headers["content-length"], body) == (200, "100", b"")


def test_part_of_a_file_is_sent(published):
    status, headers, body = get("m/star-clusters/network.tflite", range="bytes=10-12")
    assert (status, headers["content-range"], body) == (206, "bytes 10-12/100", b"\n\x0b\x0c")


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_known_content_is_not_sent_again(published, form):
    status, headers, body = get("m/star-clusters/", if_none_match=form.format(published.content_id))
    assert (status, body) == (304, b"")
    assert headers["etag"] == f'"{published.content_id}"'


def test_update_is_noticed(workspace, published):
    republish(OWNER, workspace, "starter", PageText("New"), "star-clusters")
    status, _, body = get("m/star-clusters/", if_none_match=f'"{published.content_id}"')
    assert (status, body) == (200, b"<h1>New</h1>")
    assert get(f"m/{published.content_id}/")[2] == b"<h1>Star clusters</h1>"


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("m", "./m/"),
        ("m/star-clusters", "./star-clusters/"),
        ("m/star-clusters?embed=true", "./star-clusters/?embed=true"),
        ("m/a%0d%0ab", "./a%0D%0Ab/"),
        ("m/https:evil.org", "./https%3Aevil.org/"),
    ],
)
def test_missing_slash_is_added(address, target):
    status, headers, _ = get(address)
    assert (status, headers["location"]) == (308, target)


@pytest.mark.parametrize(
    ("address", "gallery"),
    [
        ("m/gone/", "../"),
        ("m/gone/a/b.js", "../../"),
        ("m/star-clusters/gone.js", "../"),
        ("m/star-clusters/..%2fpublished.json", "../../"),
        ("m/star-clusters/%00", "../"),
        (f"m/{'x' * 5000}/", "../"),
        ("m/../", "../"),
    ],
)
def test_wrong_link_is_answered_with_a_page(published, address, gallery):
    status, headers, body = get(address)
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"There is nothing at this link" in body
    assert f'<a href="{gallery}">'.encode() in body
    assert headers["x-content-type-options"] == "nosniff"


def test_unpublished_model_is_gone(workspace, published):
    unpublish(OWNER, workspace, "star-clusters")
    assert get("m/star-clusters/")[0] == get(f"m/{published.content_id}/")[0] == 404


def test_copies_of_earlier_visitors_end_with_the_publication(workspace, published):
    unpublish(OWNER, workspace, "star-clusters")
    for name in ("star-clusters", published.content_id):
        status, headers, body = get(f"m/{name}/service-worker.js")
        assert (status, headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert headers["cache-control"] == "no-cache"
        assert b"caches.delete" in body
        assert b"registration.unregister()" in body


def test_gallery_lists_published_models(workspace):
    assert b"No model is published here yet" in get("m/")[2]
    publish_starter(workspace)
    status, headers, body = get("m/")
    assert status == 200
    assert b'<a href="star-clusters/">' in body
    assert "default-src 'none'" in headers["content-security-policy"]


def test_nothing_is_changed_through_these_addresses(published):
    for method in ("POST", "PUT", "DELETE"):
        assert get("m/star-clusters/", method)[0] == 405
    assert get("m/star-clusters/")[0] == 200


def test_addresses_are_below_the_path_of_the_app(published):
    routes = list_routes("/lab")
    assert fetch(routes, "lab/m/star-clusters/")[0] == 200
    assert fetch(routes, "lab/m")[1]["location"] == "./m/"
    assert fetch(routes, "m/star-clusters/")[0] == 404


def test_server_without_the_app_sends_the_pages_too(published):
    assert fetch(make_app().routes, "m/star-clusters/")[0] == 200
