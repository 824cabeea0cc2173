"""What an exported file says about itself: classes, limits, input and output."""

from __future__ import annotations

import json
from typing import Any

from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.prediction.prediction import Limits
from cluster_core.version import __version__

DESCRIPTION_FILE = "cluster_lab.json"
_ANY_SIZE = (ExportFormat.ONNX, ExportFormat.KERAS, ExportFormat.SAVED_MODEL)


def describe_export(bundle: ModelBundle, kind: ExportFormat) -> dict[str, Any]:
    """Return the description of an exported model, ready for JSON.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    kind : ExportFormat
        The format.

    Returns
    -------
    dict
        `labels` in the order of the scores; `unsure_below` and `none_of_these_above`, the limits
        of the verdict (None if novelty is not measured); `input`, `output` and `verdict` in words.
    """
    limits = Limits.of(bundle)
    has_novelty = limits.novel_above is not None and kind in (*_ANY_SIZE, ExportFormat.TAKEAWAY)
    verdict = f"unsure if the best score, rounded to two digits, is below {limits.unsure_below:g}"
    if has_novelty:
        verdict = f"none of these if novelty is above {limits.novel_above:g}; else {verdict}"
    output = "scores: one for each label, 0 to 1"
    return {
        "program": f"cluster-lab {__version__}",
        "model": bundle.name,
        "network": bundle.backbone.name,
        "labels": list(bundle.labels),
        "unsure_below": limits.unsure_below,
        "none_of_these_above": limits.novel_above if has_novelty else None,
        "input": _describe_input(bundle.preprocessing.size_px, kind),
        "output": f"{output}; novelty: 0 to 1" if has_novelty else output,
        "verdict": verdict,
    }


def _describe_input(size_px: int, kind: ExportFormat) -> str:
    if kind in _ANY_SIZE:
        return "RGB, 0 to 255, (pictures, height, width, 3), any size; resized inside"
    resized = (
        f"the whole picture resized to {size_px} x {size_px} by Pillow's "
        "resize(..., BILINEAR, reducing_gap=2.0)"
    )
    if kind is ExportFormat.GRAPH:
        return f"RGB, float32, value / 127.5 - 1, (pictures, {size_px}, {size_px}, 3); {resized}"
    return f"RGB, uint8, (1, {size_px}, {size_px}, 3); {resized}"


def format_description(bundle: ModelBundle, kind: ExportFormat) -> str:
    """Return the description of an exported model as JSON text."""
    return json.dumps(describe_export(bundle, kind), indent=2, ensure_ascii=False)


def format_labels(bundle: ModelBundle) -> str:
    """Return the labels, one per line, in the order of the scores."""
    return "".join(f"{label}\n" for label in bundle.labels)
