"""Export a model in the background, one at a time, for a page that is redrawn meanwhile."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import threading
import time
import zipfile
from contextlib import suppress
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import BundleError, ClusterError
from cluster_core.model.export.exporting import ExportProgress, StoppedError, make_export
from cluster_core.model.export.formats import FORMATS
from cluster_core.model.export.request import ExportRequest
from cluster_core.model.export.verification import ExportCheck
from cluster_core.storage.drafts import replacing
from cluster_core.workspace import Workspace

KEPT_S = 24 * 3600.0
# More than people download at once; an export can have hundreds of megabytes.
MAX_KEPT = 8
_ID_BYTES = 4
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_logger = logging.getLogger(__name__)


class Export(ExportProgress):
    """An export on its way or over. Its attributes may be read from any thread.

    Attributes
    ----------
    request : ExportRequest
        The model and the format.
    path : Path
        The file to download, once it is over without a problem.
    check : ExportCheck or None
        How its answers compare with the model's; None for a web page.
    problem : str
        Why it failed, as a sentence; empty if it did not.
    is_over : bool
        Whether it succeeded, failed or was stopped.
    """

    def __init__(self, request: ExportRequest, path: Path) -> None:
        super().__init__()
        self.request = request
        self.path = path
        self.check: ExportCheck | None = None
        self.problem = ""
        self.is_over = False
        self._started_s = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since its start."""
        return time.monotonic() - self._started_s

    def stop(self) -> None:
        """Stop it, soon; nothing is kept."""
        self.was_stopped = True


_lock = threading.Lock()
_last: dict[Workspace, Export] = {}


def find_export(workspace: Workspace) -> Export | None:
    """Return the last export from a workspace, which may be over, or None."""
    return _last.get(workspace)


def start_export(access: Access, request: ExportRequest, workspace: Workspace) -> Export:
    """Start an export, which has a file of its own; the oldest of too many are deleted.

    Raises
    ------
    AccessError
        If they may not export models.
    BundleError
        If another export is not over.
    """
    access.require(Action.EXPORT_MODELS, workspace.root)
    with _lock:
        last = find_export(workspace)
        if last is not None and not last.is_over:
            raise BundleError(
                "Another export is not finished: wait for it, or stop it.", path=last.path
            )
        sweep_exports(workspace, MAX_KEPT - 1)
        folder = workspace.exports / secrets.token_hex(_ID_BYTES)
        export = Export(request, folder / _name_file(request))
        _last[workspace] = export
    threading.Thread(
        target=_run, args=(access, export, workspace), name="export", daemon=True
    ).start()
    return export


def forget_export(access: Access, workspace: Workspace, export: Export) -> None:
    """Delete the file of an export, if that is over.

    Raises
    ------
    AccessError
        If they may not export models.
    """
    access.require(Action.EXPORT_MODELS, workspace.root)
    with _lock:
        if export.is_over:
            if find_export(workspace) is export:
                del _last[workspace]
            shutil.rmtree(export.path.parent, ignore_errors=True)


def sweep_exports(workspace: Workspace, max_kept: int = MAX_KEPT) -> None:
    """Delete exports that nobody downloads any more, and all but the newest; nothing is raised."""
    with suppress(OSError):
        newest = sorted(
            ((path.stat().st_mtime, path) for path in workspace.exports.iterdir()), reverse=True
        )
        for rank, (time_s, path) in enumerate(newest):
            if rank >= max_kept or time_s < time.time() - KEPT_S:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def _name_file(request: ExportRequest) -> str:
    name = _UNSAFE.sub("-", request.model.name).strip("-.") or "model"
    suffix = FORMATS[request.kind].suffix
    int8 = "-int8" if request.is_int8 else ""
    return f"{name}{int8}{suffix}" if suffix else f"{name}-{request.kind}.zip"


def _run(access: Access, export: Export, workspace: Workspace) -> None:
    try:
        _make(access, export, workspace)
    except StoppedError:
        pass
    except ClusterError as error:
        export.problem = str(error)
    except OSError as error:
        export.problem = (
            f"{error.filename or 'A file'} could not be written ({error.strerror or error}): make "
            "sure that the disk has room and that you may write there, then try again."
        )
    except Exception:
        _logger.exception("%s could not be exported", export.request.model.name)
        export.problem = (
            "The model could not be exported because of an unexpected error, which is in the log: "
            "choose another format."
        )
    export.is_over = True


def _make(access: Access, export: Export, workspace: Workspace) -> None:
    if FORMATS[export.request.kind].suffix:
        export.check = make_export(access, export.request, workspace, export.path, export)
        return
    folder = export.path.with_suffix("")
    try:
        export.check = make_export(access, export.request, workspace, folder, export)
        with replacing(export.path) as draft:
            _zip(folder, draft)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _zip(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder.parent))
