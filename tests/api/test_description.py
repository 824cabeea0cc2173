"""The API keeps to its description, and its page loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re

from cluster_core.model.backbones.shipped import ASSETS
from tests.api.conftest import PREFIX
from tests.samples import run_python

# A body is a picture of some format, which a schema cannot say: most generated ones are none.
LEFT_OUT = "positive_data_acceptance"


def test_description_lists_every_endpoint(server):
    described = server.get("/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert described["servers"] == [{"url": PREFIX}]
    assert {
        (method, path) for path, methods in described["paths"].items() for method in methods
    } == {
        ("get", "/health"),
        ("get", "/models"),
        ("get", "/models/{id}"),
        ("post", "/models/{id}/classify"),
    }
    responses = described["paths"]["/models/{id}/classify"]["post"]["responses"]
    assert {"200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "500", "503"} == (
        set(responses)
    )
    for status, response in responses.items():
        assert list(response["content"]) == [
            "application/json" if status == "200" else "application/problem+json"
        ]


def test_answers_keep_to_the_description(server, tmp_path):
    """Send requests of all kinds, valid and not, and check each answer with all checks."""
    outcome = run_python(
        *("-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
        *("--phases=coverage,fuzzing", "--max-examples=15", "--seed=1"),
        *(f"--exclude-checks={LEFT_OUT}", "--generation-database=none", "--no-color"),
        cwd=tmp_path,
    )
    assert outcome.returncode == 0, outcome.stdout[-5000:] + outcome.stderr[-2000:]
    assert "Tested: 4" in outcome.stdout


def test_page_needs_nothing_from_elsewhere(server):
    page = server.get("/docs")
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"(src|href)=\"(https?:)?//", page.body.decode())
    (script,) = re.findall(r'src="([^"]+)"', page.body.decode())
    loaded = server.get(f"/{script}")
    assert loaded.status == 200
    assert loaded.headers["content-type"].startswith("text/javascript")
    assert b"rapi-doc" in loaded.body


def test_script_is_the_one_that_its_licence_names():
    folder = ASSETS / "api_docs"
    notice = (folder / "rapidoc-min.js.LICENSE.txt").read_text("utf-8")
    assert hashlib.sha256((folder / "rapidoc-min.js").read_bytes()).hexdigest() in notice


def test_root_leads_to_the_page(server):
    reply = server.get("/")
    assert reply.status == 307
    assert reply.headers["location"] == f"{PREFIX}/docs"
