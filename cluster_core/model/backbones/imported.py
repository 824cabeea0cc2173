"""Keep converted networks that came with models from elsewhere, and may be hostile.

They lie apart from those that were converted here: a stranger's file only ever computes the
features for answers, never for a training, whose features are cached.
"""

from __future__ import annotations

import hashlib
import re

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.availability import find_network
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.registry import BYTES_PER_PARAMETER, BackboneSpec
from cluster_core.storage.drafts import replacing
from cluster_core.subprocesses import make_command, run_limited
from cluster_core.workspace import Workspace

TIMEOUT_S = 90.0
_MAX_RATIO = 1.25
_MEGA = 1_000_000
_HASH = re.compile(r"[0-9a-f]{64}")


def count_max_bytes(spec: BackboneSpec) -> int:
    """Return the largest size, in bytes, that the LiteRT file of a network may have."""
    return round(_MAX_RATIO * spec.n_parameters * BYTES_PER_PARAMETER) + _MEGA


def import_network(
    spec: BackboneSpec, weights_sha256: str, content: bytes, workspace: Workspace
) -> None:
    """Keep a LiteRT file from elsewhere, unless there is a network with these weights already.

    Its structure is checked, and it is run once, in a process with limits of memory and time.
    That it has the weights it claims cannot be checked.

    Parameters
    ----------
    spec : BackboneSpec
        The network that it claims to be.
    weights_sha256 : str
        Hash of the weights that it claims to have.
    content : bytes
        Content of the file.
    workspace : Workspace
        The workspace to add to.

    Raises
    ------
    BackboneError
        If it is not a network of that kind, or not a harmless one.
    OSError
        If the disk cannot be written to.
    """
    if not _HASH.fullmatch(weights_sha256):
        raise _make_error(spec, "its weights have no valid hash")
    if len(content) > count_max_bytes(spec):
        raise _make_error(spec, "it is too large")
    if find_network(spec, weights_sha256, workspace) is not None:
        return
    imported = ConvertedBackbone(
        name=spec.name,
        weights_sha256=weights_sha256,
        weights_file_sha256="",
        litert_sha256=hashlib.sha256(content).hexdigest(),
        graph_sha256="",
        relative_error=None,
        folder=workspace.imported_backbones,
    )
    with replacing(imported.litert_path) as draft:
        draft.write_bytes(content)
        outcome = run_limited(
            make_command("cluster_core.model.backbones.litert_check", spec.name, str(draft)),
            TIMEOUT_S,
        )
        if outcome.returncode:
            raise _make_error(spec, _find_reason(outcome.returncode, outcome.stderr))
    imported.save_record()


def _find_reason(returncode: int, errors: str) -> str:
    lines = errors.strip().splitlines()
    if returncode > 0 and lines and lines[-1].startswith("Error: "):
        return lines[-1].removeprefix("Error: ")
    return "a trial with it crashed, or took too much time or memory"


def _make_error(spec: BackboneSpec, reason: str) -> BackboneError:
    return BackboneError(
        f"The network {spec.name} in this file cannot be used ({reason}): download the model "
        "again, without its network.",
        name=spec.name,
    )
