"""Find the weights file of a backbone on disk."""

from __future__ import annotations

from pathlib import Path

from cluster_core.model.backbones.registry import BackboneSpec


def list_weights_files(spec: BackboneSpec) -> tuple[str, ...]:
    """Return the file names to look for: the name in this program, then the name at Keras."""
    return (f"{spec.name}_no_top.weights.h5", spec.weights_file)


def explain_wrong_file(file: str, spec: BackboneSpec) -> str:
    """Return a sentence on a file, named at its beginning, that is not a backbone's weights."""
    return (
        f"{file} does not contain the weights of {spec.name}: download {spec.weights_file} from "
        "Keras again, and choose that file."
    )


def find_weights(spec: BackboneSpec, model_dir: Path) -> Path | None:
    """Return the path of a backbone's weights file in a folder, or None."""
    candidates = (model_dir / name for name in list_weights_files(spec))
    return next((path for path in candidates if path.is_file()), None)
