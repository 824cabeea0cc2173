"""Find a backbone's pretrained weights on disk."""

from __future__ import annotations

from pathlib import Path

from cluster_core.model.backbones.registry import BackboneSpec


def list_weights_files(spec: BackboneSpec) -> tuple[str, ...]:
    """Return the file names that are looked for: ours first, then Keras' own."""
    return (f"{spec.name}_no_top.weights.h5", spec.weights_file)


def find_weights(spec: BackboneSpec, model_dir: Path) -> Path | None:
    """Return the weights file of a backbone in a folder, or None."""
    candidates = (model_dir / name for name in list_weights_files(spec))
    return next((path for path in candidates if path.is_file()), None)
