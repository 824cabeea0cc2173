"""Drafts: files and folders that are written beside their target and replace it when complete."""

from __future__ import annotations

import functools
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cluster_core.workspace import Workspace

_LEFTOVER = re.compile(r"\.(.+)\.(\d{1,9})\.[0-9a-f]{8}\.(part|old)", re.DOTALL)
_active_drafts: set[str] = set()  # names; this process may spell their folder in two ways


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a draft path to write to, and move it to `target` if the block succeeds.

    Parameters
    ----------
    target : Path
        A file or folder. An existing one stays untouched until it is replaced.

    Yields
    ------
    Path
        Where to write. It does not exist yet, but its parent folder does. For a
        device or pipe (/dev/null, /dev/stdout), which cannot be replaced, this is
        `target` itself.

    Raises
    ------
    OSError
        The parent folder cannot be created, or the draft cannot be moved; then
        `target` is unchanged.
    """
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield target
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with drafting(target) as draft:
        yield draft
        if target.is_dir():
            _swap_folder(draft, target)
        else:
            os.replace(draft, target)


@contextmanager
def drafting(target: Path) -> Iterator[Path]:
    """Yield a hidden path next to `target` to write to, and delete it if it is still there.

    The first draft of this process in a folder removes the drafts of killed processes there.

    Parameters
    ----------
    target : Path
        A file or folder in an existing folder.
    """
    _clean_once(target.parent)
    draft = _name_draft(target.parent, target.name, os.getpid(), uuid.uuid4().hex[:8])
    _active_drafts.add(draft.name)
    try:
        yield draft
    finally:
        _remove(draft)
        _active_drafts.discard(draft.name)


def remove_abandoned_drafts(folder: Path) -> None:
    """Delete the unfinished files in `folder` whose processes were killed; see `replacing`.

    A folder whose replacement was cut in half is put back. Nothing is raised.

    Parameters
    ----------
    folder : Path
        Its sub-folders are not cleaned.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            found = _LEFTOVER.fullmatch(path.name)
            if found and not _is_in_use(path, int(found[2])):
                with suppress(OSError):
                    _clean_up(path, folder / found[1])


def remove_all_abandoned_drafts(workspace: Workspace) -> None:
    """Clean every folder of a workspace; see `remove_abandoned_drafts`."""
    for folder, _, _ in os.walk(workspace.root):
        remove_abandoned_drafts(Path(folder))


_clean_once = functools.lru_cache(maxsize=1024)(remove_abandoned_drafts)


def _is_in_use(path: Path, process_id: int) -> bool:
    # After a restart in a container, this process may have the number of the killed one.
    if process_id == os.getpid():
        return path.with_suffix(".part").name in _active_drafts
    if os.name == "nt":  # where os.kill would end the process
        return True
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except OSError:  # a process of another user
        return True
    return True


def _clean_up(path: Path, target: Path) -> None:
    if path.suffix == ".old" and not os.path.lexists(target):
        os.rename(path, target)
    else:
        _remove(path)


def remove_drafts(folder: Path, process_id: int) -> None:
    """Delete the unfinished files that a killed process left in `folder`; see `replacing`."""
    for draft in folder.glob(_name_draft(Path(), "*", process_id, "*").name):
        with suppress(OSError):
            _remove(draft)


def name_target(path: str) -> str:
    """Return a path with each draft in it called as what it is a draft of; see `drafting`."""
    found = [(part, _LEFTOVER.fullmatch(part)) for part in Path(path).parts]
    return str(Path(*(match[1] if match else part for part, match in found)))


def _name_draft(folder: Path, name: str, process_id: int, suffix: str) -> Path:
    return folder / f".{name}.{process_id}.{suffix}.part"


def _swap_folder(draft: Path, target: Path) -> None:
    """Replace a folder in two renames; the system cannot rename onto a non-empty folder."""
    old = draft.with_suffix(".old")
    os.rename(target, old)
    try:
        os.rename(draft, target)
    except OSError:
        os.rename(old, target)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
