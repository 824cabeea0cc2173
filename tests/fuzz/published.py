"""A published page for the cases, and everything that reads it."""

from __future__ import annotations

from functools import partial

from cluster_core.errors import ClusterError
from cluster_core.publishing.gallery import make_gallery
from cluster_core.publishing.records import PublishedModel, write_record
from cluster_core.publishing.store import find_published, list_published
from cluster_core.workspace import Workspace
from tests.fuzz.case import Case

ALIAS, CONTENT_ID = "stars", "0123456789abcdef"


def write_page(workspace: Workspace) -> None:
    """Write a page with a single file, as if a model had been published."""
    folder = workspace.published / ALIAS
    page = PublishedModel(
        ALIAS,
        CONTENT_ID,
        "starter",
        "0" * 64,
        "Which star?",
        "For stars.",
        "https://example.org/",
        ("blue stars", "red stars"),
        "2026-01-02T03:04:05+00:00",
        folder / CONTENT_ID,
    )
    page.folder.mkdir(parents=True)
    (page.folder / "index.html").write_text("<h1>Which star?</h1>", "utf-8")
    write_record(folder, page)


def read_pages(case: Case) -> None:
    """List the published pages, draw the gallery, and look up a file of each."""
    workspace = case.workspace
    pages = case.try_out("list_published", partial(list_published, workspace))
    if not isinstance(pages, ClusterError):
        case.try_out("make_gallery", lambda: make_gallery(pages).encode())
    for name in (ALIAS, CONTENT_ID):
        page = case.try_out(f"find_published {name}", partial(find_published, workspace, name))
        if isinstance(page, PublishedModel):
            case.try_out(f"find_file {name}", partial(page.find_file, "index.html"))
