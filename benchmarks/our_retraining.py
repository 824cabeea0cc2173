"""Our side of the retraining benchmark."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cluster_core.model.registry import get_backbone
from cluster_core.workspace import Workspace

ARCHITECTURE = "mobilenet_0.50_224"
# A fifth for the test: accuracies are compared on more than a handful of pictures.
TESTING_PERCENTAGE = 20


def measure(
    photos: str, model_dir: str, workspace: str, steps: int, n_before: int
) -> dict[str, Any]:
    """Train once, after `n_before` trainings in the same process; imports are not counted."""
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.train import train

    config = TrainConfig(
        Path(photos),
        architecture=ARCHITECTURE,
        model_dir=Path(model_dir),
        how_many_training_steps=steps,
        testing_percentage=TESTING_PERCENTAGE,
        early_stopping=False,
    )
    for _ in range(n_before):
        train(config, Workspace(Path(workspace)), lambda event: None)
    begin = time.perf_counter()
    result = train(config, Workspace(Path(workspace)), lambda event: None)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "right": result.metrics.n_right, "n": result.metrics.n}


def measure_conversion(model_dir: str, workspace: str) -> dict[str, Any]:
    """Convert the backbone, which happens once on a machine."""
    from cluster_core.model.conversion import prepare_backbone

    begin = time.perf_counter()
    prepare_backbone(
        get_backbone(ARCHITECTURE), Path(model_dir), Workspace(Path(workspace)).backbones
    )
    return {"seconds": time.perf_counter() - begin}
