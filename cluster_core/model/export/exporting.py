"""Export a model: write it in another process, check it in a fresh one, then hand it out."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from cluster_core.access import Access, Action
from cluster_core.errors import BackboneError, BundleError, ClusterError
from cluster_core.events import report_event
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.network import require_network
from cluster_core.model.export.formats import FORMATS
from cluster_core.model.export.request import EXPECTED, PICTURES, ExportRequest
from cluster_core.model.export.verification import (
    TIMEOUT_S,
    ExportCheck,
    require_agreement,
    verify_export,
)
from cluster_core.storage.drafts import drafting, replacing
from cluster_core.subprocesses import make_command, run_limited
from cluster_core.workspace import Workspace


class Phase(StrEnum):
    """What is being done; each value is shown."""

    WRITING = "Writing the file"
    CHECKING = "Checking its answers in a fresh process"


class StoppedError(ClusterError):
    """The export was stopped before it was complete."""


class ExportProgress:
    """How far an export is. Its attributes may be read and set from any thread.

    Attributes
    ----------
    phase : Phase
        What is being done.
    was_stopped : bool
        Whether it should end, soon.
    """

    def __init__(self) -> None:
        self.phase = Phase.WRITING
        self.was_stopped = False

    def enter(self, phase: Phase) -> None:
        """Take note of the next phase."""
        self.phase = phase

    def is_stopped(self) -> bool:
        """Return whether it should end."""
        return self.was_stopped


def make_export(
    access: Access,
    request: ExportRequest,
    workspace: Workspace,
    target: Path,
    progress: ExportProgress,
) -> ExportCheck:
    """Write a model in another format, unless the file answers otherwise than the model.

    Parameters
    ----------
    access : Access
        Who asks; it takes a minute of this computer's work.
    request : ExportRequest
        The model and the format.
    workspace : Workspace
        The workspace of the model's network and dataset.
    target : Path
        File or folder to write; an existing one is replaced.
    progress : ExportProgress
        Told the phases; asked whether to stop.

    Returns
    -------
    ExportCheck
        How its answers compare with the model's.

    Raises
    ------
    AccessError
        If they may not export models.
    BackboneError
        If the network is missing, or cannot be written in this format.
    BundleError
        If the model is damaged, or the export answers otherwise.
    StoppedError
        If it was stopped.
    OSError
        If the target cannot be written.
    """
    access.require(Action.EXPORT_MODELS, workspace.root)
    require_network(load_bundle(request.model), workspace)
    target.parent.mkdir(parents=True, exist_ok=True)
    with drafting(target) as folder:
        folder.mkdir()
        progress.enter(Phase.WRITING)
        _build(request, workspace, folder, progress)
        export = folder / request.file_name
        progress.enter(Phase.CHECKING)
        check = _check(request, export, folder, progress)
        with replacing(target) as draft:
            os.rename(export, draft)
    report_event("exported", format=request.kind)
    return check


def _build(
    request: ExportRequest, workspace: Workspace, folder: Path, progress: ExportProgress
) -> None:
    arguments = [str(request.model.absolute()), str(request.kind), str(folder.absolute())]
    arguments += ["--workspace", str(workspace.root.absolute())]
    arguments += ["--int8"] if request.is_int8 else []
    command = make_command("cluster_core.model.export.building", *arguments)
    outcome = run_limited(command, TIMEOUT_S, progress.is_stopped)
    _check_stopped(progress)
    if outcome.returncode:
        lines = outcome.stderr.strip().splitlines() or [""]
        if lines[-1].startswith("Error: "):
            raise BackboneError(lines[-1].removeprefix("Error: "), name=request.model.name)
        raise BackboneError(
            f"The {FORMATS[request.kind].title} file could not be written, because its process "
            "crashed or took too much time or memory: close other programs, then try again, or "
            "choose another format.",
            name=request.model.name,
        )


def _check(
    request: ExportRequest, export: Path, folder: Path, progress: ExportProgress
) -> ExportCheck:
    try:
        check = verify_export(
            request.kind, export, folder / PICTURES, folder / EXPECTED, progress.is_stopped
        )
    except BundleError:
        _check_stopped(progress)
        raise
    _check_stopped(progress)
    require_agreement(check, request.kind, is_int8=request.is_int8)
    return check


def _check_stopped(progress: ExportProgress) -> None:
    if progress.was_stopped:
        raise StoppedError("The export was stopped.")
