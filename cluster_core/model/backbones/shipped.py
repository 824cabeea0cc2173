"""Access the files that ship with the program, and verify them before use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.registry import SKY_BACKBONE, BackboneSpec

ASSETS = Path(__file__).parents[2] / "assets"
STARTER = "starter"


def name_record(spec: BackboneSpec) -> str:
    """Return the file name of a shipped network's record."""
    return f"{spec.name}_backbone.json"


def load_shipped_record(spec: BackboneSpec, assets: Path = ASSETS) -> ConvertedBackbone:
    """Return the conversion of a network that ships with the program, without a frozen graph.

    Parameters
    ----------
    spec : BackboneSpec
        A network with `ships`.
    assets : Path
        Folder of the shipped files.

    Raises
    ------
    BackboneError
        If its record is missing or malformed.
    """
    path = assets / name_record(spec)
    try:
        return ConvertedBackbone(**json.loads(path.read_text()), folder=assets)
    except (OSError, ValueError, TypeError) as error:
        raise _make_error(path, spec.name) from error


def check_shipped_weights(spec: BackboneSpec, assets: Path = ASSETS) -> Path:
    """Return the path of a shipped network's weights, after verifying their hash.

    Parameters
    ----------
    spec : BackboneSpec
        A network with `ships`.
    assets : Path
        Folder of the shipped files.

    Returns
    -------
    Path
        Its LiteRT file, which holds the only copy of the weights.

    Raises
    ------
    BackboneError
        If the file or its record is missing or was altered.
    """
    record = load_shipped_record(spec, assets)
    check_shipped_file(record.litert_path, record.litert_sha256, name=spec.name)
    return record.litert_path


def check_shipped_file(path: Path, sha256: str, *, name: str = SKY_BACKBONE.name) -> None:
    """Verify the SHA-256 of a shipped file, which belongs to the network `name`.

    Raises
    ------
    BackboneError
        If the file is missing or was altered.
    """
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise _make_error(path, name)


def _make_error(path: Path, name: str) -> BackboneError:
    return BackboneError(
        f"The file {path}, which ships with the program, is missing or was altered: install the "
        "program again.",
        name=name,
    )
