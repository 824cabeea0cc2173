"""Add a weights file that a visitor uploads, without loading it in this process."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cluster_core.access import Access, Action
from cluster_core.errors import BackboneError
from cluster_core.model.backbones.registry import BackboneSpec
from cluster_core.model.backbones.weights import (
    explain_wrong_file,
    find_weights,
    list_weights_files,
)
from cluster_core.storage.drafts import drafting
from cluster_core.subprocesses import make_command, run_limited
from cluster_core.workspace import Workspace

# Converting the largest network takes a minute.
TIMEOUT_S = 600.0
_MAX_RATIO = 1.5
_MEGA = 1_000_000
_CHUNK_BYTES = 1 << 20
_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class WeightsFile:
    """A file that somebody uploads.

    Attributes
    ----------
    name : str
        Keras writes two formats, told apart by the endings `.weights.h5` and `.h5`.
    file : binary file
        Open for reading.
    """

    name: str
    file: BinaryIO


def count_max_bytes(spec: BackboneSpec) -> int:
    """Return the largest size, in bytes, that a weights file of a network may have."""
    return round(_MAX_RATIO * spec.download_mb * _MEGA) + _MEGA


def add_weights(
    access: Access,
    spec: BackboneSpec,
    weights: WeightsFile,
    workspace: Workspace,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Convert a network with the weights of a file, and keep the file if there was none.

    Parameters
    ----------
    access : Access
    spec : BackboneSpec
        A network with a `weights_file`.
    weights : WeightsFile
        It may be hostile.
    workspace : Workspace
        The workspace to add to.
    is_stopped : callable, optional
        Polled while the file is converted. Once it returns True, nothing is added.

    Raises
    ------
    BackboneError
        If the file is too large, is not one of this network's weights, or was stopped.
    AccessError
        If this server does not let its visitors add networks.
    OSError
        If the disk cannot be written to.
    """
    access.require(Action.ADD_NETWORKS)
    own_name, keras_name = list_weights_files(spec)
    target_name = own_name if weights.name.lower().endswith(".weights.h5") else keras_name
    workspace.models.mkdir(parents=True, exist_ok=True)
    with drafting(workspace.models / "uploaded weights") as folder:
        folder.mkdir()
        draft = folder / target_name
        _copy(weights.file, draft, spec)
        try:
            convert_confined(spec, draft, workspace, is_stopped)
        except BackboneError as error:
            raise BackboneError(
                str(error).replace(str(draft), "This file"), name=spec.name
            ) from error
        # Weights that are there already stay: the conversion of these is found by their hash.
        if find_weights(spec, workspace.models) is None:
            os.replace(draft, workspace.models / target_name)


def convert_confined(
    spec: BackboneSpec,
    weights_path: Path,
    workspace: Workspace,
    is_stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Convert a network in a process of its own, within limits of memory and time.

    Raises
    ------
    BackboneError
        If the file does not contain this network's weights, or the process was ended.
    """
    command = make_command(
        *("cluster_core.model.backbones.untrusted_weights", spec.name, str(weights_path)),
        *("--backbones_dir", str(workspace.backbones)),
    )
    outcome = run_limited(command, TIMEOUT_S, is_stopped)
    if not outcome.returncode:
        return
    if is_stopped():
        reason = "it was stopped"
    elif outcome.returncode < 0:
        reason = "it took too much time or memory"
    else:
        lines = outcome.stderr.strip().splitlines()
        if lines and lines[-1].startswith("Error: "):
            raise BackboneError(lines[-1].removeprefix("Error: "), name=spec.name)
        reason = "its program ended without a message"
    raise BackboneError(
        f"{spec.name} could not be prepared, because {reason}: try again, or choose another "
        "network.",
        name=spec.name,
    )


def _copy(file: BinaryIO, target: Path, spec: BackboneSpec) -> None:
    # Answered at once, as loading TensorFlow to find out takes seconds.
    if file.read(len(_HDF5)) != _HDF5:
        raise BackboneError(explain_wrong_file("This file", spec), name=spec.name)
    file.seek(0)
    n_left = count_max_bytes(spec)
    with target.open("wb") as copy:
        while chunk := file.read(_CHUNK_BYTES):
            n_left -= len(chunk)
            if n_left < 0:
                raise BackboneError(
                    f"This file is larger than the weights of {spec.name}: choose "
                    f"{' or '.join(list_weights_files(spec))} from {spec.weights_url}.",
                    name=spec.name,
                )
            copy.write(chunk)
