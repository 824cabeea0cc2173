"""Find a backbone's pretrained weights on disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cluster_core.model.registry import BackboneSpec


def list_weights_files(spec: BackboneSpec) -> tuple[str, ...]:
    """Return the file names that are looked for: ours first, then Keras' own."""
    return (f"{spec.name}_no_top.weights.h5", spec.weights_file)


def find_weights(spec: BackboneSpec, model_dir: Path) -> Path | None:
    """Return the weights file of a backbone in a folder, or None."""
    candidates = (model_dir / name for name in list_weights_files(spec))
    return next((path for path in candidates if path.is_file()), None)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
