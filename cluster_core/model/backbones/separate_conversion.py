"""Convert a backbone in another process, so that this one does not load TensorFlow."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.registry import BackboneSpec
from cluster_core.subprocesses import make_command, make_environment

_logger = logging.getLogger(__name__)


def convert_separately(spec: BackboneSpec, model_dir: Path, backbones_dir: Path) -> None:
    """Convert a backbone for this machine, which takes up to a minute; download it if necessary.

    Parameters
    ----------
    spec : BackboneSpec
        The network.
    model_dir : Path
        Folder of weights files.
    backbones_dir : Path
        Folder of converted backbones.

    Raises
    ------
    BackboneError
        The weights are damaged, or missing and cannot be downloaded.
    """
    _logger.info("Preparing %s for this machine (once, up to a minute)", spec.name)
    command = make_command(
        *("cluster_core.model.backbones.conversion", spec.name),
        *("--model_dir", str(model_dir), "--backbones_dir", str(backbones_dir)),
    )
    outcome = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=make_environment()
    )
    if outcome.returncode:
        lines = outcome.stderr.strip().splitlines() or ["the conversion ended without a message"]
        raise BackboneError(
            f"{spec.name} could not be prepared: {lines[-1].removeprefix('Error: ')}",
            name=spec.name,
        )
