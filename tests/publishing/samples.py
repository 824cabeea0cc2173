"""Pages that are quick to build, and hold nothing of a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from cluster_core.access import Access
from cluster_core.model.export import web
from cluster_core.model.export.web import PageText
from cluster_core.publishing.records import PublishedModel
from cluster_core.publishing.store import publish
from cluster_core.workspace import Workspace

OWNER = Access.owner()


def write_simple_page(bundle, workspace: Workspace, folder: Path, page: PageText) -> None:
    """Write a page of three files, as `export_web` writes a larger one."""
    (folder / "js").mkdir(parents=True)
    (folder / "index.html").write_text(f"<h1>{page.title}</h1>{page.description}", "utf-8")
    (folder / "js" / "main.js").write_text("start();", "utf-8")
    (folder / "network.tflite").write_bytes(bytes(range(100)))
    for number, path in enumerate(page.examples, start=1):
        (folder / f"example-{number}.jpg").write_bytes(path.read_bytes())


@pytest.fixture
def simple_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish simple pages in this test."""
    monkeypatch.setattr(web, "export_web", write_simple_page)


def publish_starter(
    workspace: Workspace, title: str = "Star clusters", alias: str = "star-clusters", **texts
) -> PublishedModel:
    """Publish the starter model."""
    return publish(OWNER, workspace, "starter", PageText(title, **texts), alias)
