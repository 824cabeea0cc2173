"""Published pages in a project's file: what their owner wrote, and the examples.

Not the pages themselves: a stranger's scripts must not be served from this address. A page is made
anew from its model, and only if the person who loads the project asks for it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from cluster_core.access import Access
from cluster_core.errors import ProjectError
from cluster_core.model.bundle.selection import STARTER_ID
from cluster_core.projects.layout import PUBLISHED
from cluster_core.projects.members import Listing, Member
from cluster_core.publishing.records import RECORD
from cluster_core.publishing.store import list_published, publish
from cluster_core.publishing.suggestions import suggest_alias
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_shown_text
from cluster_core.workspace import Workspace

EXAMPLE = re.compile(r"example-\d{1,3}\.jpg")


def list_pages(workspace: Workspace, models: Collection[str], listing: Listing) -> None:
    """Add the published pages of some models, and of the starter model, to a listing."""
    for page in list_published(workspace):
        if page.model_id not in (*models, STARTER_ID):
            continue
        top = f"{PUBLISHED}/{page.alias}"
        paths = [page.folder.parent / RECORD, *page.examples]
        listing.members += [
            Member.of_file(f"{top}/{path.name}", path)
            for path in paths
            if path.name == RECORD or EXAMPLE.fullmatch(path.name)
        ]


def publish_again(
    access: Access, workspace: Workspace, staged: Path, models: Mapping[str, str]
) -> Path | None:
    """Publish a page anew, under another name if its own is taken.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    staged : Path
        Unpacked record and examples, in a folder named by the alias.
    models : mapping of str to str
        What the models of the project are called in the workspace.

    Returns
    -------
    Path or None
        Its folder; None if the workspace has the same page.

    Raises
    ------
    ClusterError
        It is damaged, or cannot be published.
    """
    from cluster_core.model.export.web import PageText  # loads what answering does not need

    try:
        record: dict[str, Any] = json.loads((staged / RECORD).read_text("utf-8"))
        fields = ("model", "title", "description", "link")
        model, title, description, link = (check_shown_text(record[name]) for name in fields)
    except (OSError, *MALFORMED_ERRORS) as error:
        raise ProjectError(
            f"The page {staged.name} was left out, because its record is damaged.", path=staged
        ) from error
    model_id = STARTER_ID if model == STARTER_ID else models.get(model)
    if model_id is None:
        raise ProjectError(
            f"The page {staged.name} was left out, because its model was not loaded.", path=staged
        )
    # An earlier load may have given it another name.
    wanted = model_id, title, description, link
    if any(
        (page.model_id, page.title, page.description, page.link) == wanted
        for page in list_published(workspace)
    ):
        return None
    examples = tuple(sorted(path for path in staged.iterdir() if EXAMPLE.fullmatch(path.name)))
    is_free = not os.path.lexists(workspace.published / staged.name)
    alias = staged.name if is_free else suggest_alias(workspace, title)
    page = PageText(title, description, examples, link)
    return workspace.published / publish(access, workspace, model_id, page, alias).alias
