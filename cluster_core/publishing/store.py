"""Publish models, find what is published, and unpublish it.

`published/<alias>/` holds a record and one folder for each content that was ever published under
the alias, named by the hash of its files. These folders are never changed, so that a link to a
content shows the same page until its alias is unpublished.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_core.access import Access, Action
from cluster_core.errors import PublishError
from cluster_core.events import report_event
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import describe_model
from cluster_core.publishing.aliases import check_alias, is_alias, is_content_id
from cluster_core.publishing.records import PublishedModel, load_record, write_record
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively
from cluster_core.storage.hashing import hash_file
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.trash import TrashEntry, move_to_trash
from cluster_core.workspace import Workspace

if TYPE_CHECKING:
    from cluster_core.model.export.web import PageText

_CONTENT_ID_LENGTH = 16
_LOCK = ".lock"
_LOCK_TIMEOUT_S = 20


def list_published(workspace: Workspace) -> tuple[PublishedModel, ...]:
    """Return the published models, newest first; one with a damaged record is left out."""
    try:
        folders = [path for path in workspace.published.iterdir() if is_alias(path.name)]
    except OSError:  # nothing was published yet
        return ()
    found = filter(None, map(load_record, folders))
    return tuple(sorted(found, key=lambda model: (model.created, model.alias), reverse=True))


def find_published(workspace: Workspace, name: str) -> PublishedModel | None:
    """Return a published model, or None.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Its alias, or the id of a content that is or was published under an alias. It may
        come from a visitor: only names of their forms are looked up.
    """
    if is_alias(name):
        return load_record(workspace.published / name)
    if not is_content_id(name):
        return None
    for model in list_published(workspace):
        folder = model.folder.with_name(name)
        if folder.is_dir() and not folder.is_symlink():
            return replace(model, content_id=name, folder=folder)
    return None


def publish(
    access: Access, workspace: Workspace, model_id: str, page: PageText, alias: str
) -> PublishedModel:
    """Publish a model under a new alias.

    Parameters
    ----------
    access : Access
    workspace : Workspace
    model_id : str
        Name of the model's folder, or `starter`.
    page : PageText
        What its page says.
    alias : str
        Lower-case letters, digits and hyphens; see `suggestions`.

    Returns
    -------
    PublishedModel

    Raises
    ------
    AccessError
        They may not publish.
    PublishError
        The alias is not allowed, or already taken.
    DatasetError
        The disk cannot be written to.
    BundleError, BackboneError, ImageError
        The model, its network or an example cannot be used.
    """
    access.require(Action.PUBLISH)
    target = workspace.published / check_alias(alias)
    if os.path.lexists(target):
        raise _make_taken_error(alias)
    with _drafting(workspace, alias) as draft:
        model = replace(_build(workspace, model_id, page, draft), alias=alias)
        write_record(draft, model)
        try:
            rename_exclusively(draft, target)
        except FileExistsError as error:
            raise _make_taken_error(alias) from error
    report_event("published", content=model.content_id)
    return replace(model, folder=target / model.content_id)


def republish(
    access: Access, workspace: Workspace, model_id: str, page: PageText, alias: str
) -> PublishedModel:
    """Replace what an alias shows. Links to its earlier contents keep working.

    Parameters
    ----------
    access, workspace, model_id, page
        As for `publish`.
    alias : str
        A published alias.

    Returns
    -------
    PublishedModel

    Raises
    ------
    AccessError
        They may not publish.
    PublishError
        Nothing is published under the alias any more.
    DatasetError
        The disk cannot be written to.
    BundleError, BackboneError, ImageError
        The model, its network or an example cannot be used.
    """
    access.require(Action.PUBLISH)
    target = workspace.published / check_alias(alias)
    _require_published(target)
    with _drafting(workspace, alias) as draft:
        model = replace(_build(workspace, model_id, page, draft), alias=alias)
        with _locked(workspace):
            _require_published(target)
            folder = target / model.content_id
            if not folder.is_dir():  # else the same content was published before
                rename_exclusively(model.folder, folder)
            model = replace(model, folder=folder)
            write_record(target, model)
    report_event("published", content=model.content_id)
    return model


def unpublish(access: Access, workspace: Workspace, alias: str) -> TrashEntry:
    """Move everything that was published under an alias to the trash; its links stop working.

    Returns
    -------
    TrashEntry
        For publishing it again, under the same links.

    Raises
    ------
    AccessError
        They may not publish.
    PublishError
        Nothing is published under the alias.
    DatasetError
        It cannot be moved.
    """
    access.require(Action.PUBLISH)
    target = workspace.published / check_alias(alias)
    model = load_record(target)
    title = model.title if model else alias
    with _locked(workspace):
        _require_published(target)
        entry = move_to_trash(
            access, workspace, [target], f'The page "{title}"', action=Action.PUBLISH
        )
    report_event("unpublished")
    return entry


def _build(workspace: Workspace, model_id: str, page: PageText, draft: Path) -> PublishedModel:
    """Write the page of a model to `draft/<content id>`."""
    from cluster_core.model.export.web import export_web  # loads what answering does not need

    source = model_dir(workspace, model_id)
    bundle = load_bundle(source)
    folder = draft / "page"
    export_web(bundle, workspace, folder, page)
    content_id = _hash_folder(folder)
    os.rename(folder, draft / content_id)
    return PublishedModel(
        draft.name,
        content_id,
        model_id,
        describe_model(source).content_sha256,
        page.title,
        page.description,
        page.link,
        bundle.labels,
        datetime.now(UTC).isoformat(),
        draft / content_id,
    )


def _hash_folder(folder: Path) -> str:
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    lines = (f"{hash_file(folder / name)} {name}\n" for name in names)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:_CONTENT_ID_LENGTH]


@contextmanager
def _drafting(workspace: Workspace, alias: str) -> Iterator[Path]:
    """Yield a hidden folder in `published/`, which is removed at the end."""
    with explaining_disk_errors(f"{alias} could not be published", workspace.published):
        workspace.published.mkdir(parents=True, exist_ok=True)
        with drafting(workspace.published / alias) as draft:
            draft.mkdir()
            yield draft


@contextmanager
def _locked(workspace: Workspace) -> Iterator[None]:
    """Keep an update and the end of the same publication apart."""
    import filelock  # takes 60 ms, and listing needs none

    try:
        with filelock.FileLock(workspace.published / _LOCK, timeout=_LOCK_TIMEOUT_S):
            yield
    except filelock.Timeout as error:
        raise PublishError(
            "Another page is being published or removed at the moment: try again in a minute.",
            alias="",
        ) from error


def _require_published(target: Path) -> None:
    if not target.is_dir() or target.is_symlink():
        raise PublishError(
            f"Nothing is published as {target.name}, perhaps it was unpublished: publish it again.",
            alias=target.name,
        )


def _make_taken_error(alias: str) -> PublishError:
    return PublishError(
        f"The name {alias} is already taken by another published model: choose another name, or "
        "update that one (with --update on the command line).",
        alias=alias,
    )
