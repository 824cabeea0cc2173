"""How long a training will take, from speeds that were measured on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster_core.data.cache_file import CacheFile
from cluster_core.data.dataset import Picture
from cluster_core.data.mapping import count_usable_cpus
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.bottlenecks import BottleneckCache
from cluster_core.model.converted import ConvertedBackbone, find_converted
from cluster_core.model.features import LiteRTExtractor
from cluster_core.model.preprocessing import Preprocessing
from cluster_core.model.registry import SKY_BACKBONE, BackboneSpec, get_backbone
from cluster_core.model.shipped import load_sky_record
from cluster_core.model.views import View
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace, replacing

SPEEDS = "speeds.json"
TRIALS = 5
# Where nothing is measured: a network does work for each weight at each place of its last map.
MS_PER_MILLION_PLACES = 0.12
LAST_MAP_STRIDE = 32
# As measured with `python -m benchmarks.retrain`: what a training takes beside its pictures.
FIXED_S = 0.3
CONVERSION_S = 4.0
SECONDS_PER_STEP_AND_FEATURE = 4e-7
DECODING_MS = 3.0


@dataclass(frozen=True)
class Speed:
    """How long a network takes for a picture.

    Attributes
    ----------
    ms : float
        Milliseconds for one view of one picture, on one core.
    is_measured : bool
        Whether that was measured on this machine; else it is guessed from its size.
    """

    ms: float
    is_measured: bool


def estimate_speed(workspace: Workspace, architecture: str) -> Speed:
    """Return how long a network takes for a picture, measured or guessed."""
    known = _load_speeds(workspace).get(architecture)
    if known is not None:
        return Speed(known, True)
    spec = get_backbone(architecture)
    places = (spec.input_size_px / LAST_MAP_STRIDE) ** 2
    return Speed(MS_PER_MILLION_PLACES * spec.n_parameters / 1e6 * places, False)


def measure_speed(workspace: Workspace, architecture: str) -> None:
    """Measure a network that is ready on this machine, and note it; nothing for any other."""
    spec = get_backbone(architecture)
    backbone = find_backbone(spec, workspace)
    if backbone is None or not backbone.runs_on_litert:
        return
    try:
        extractor = LiteRTExtractor(backbone.read_litert())
        picture = np.zeros((spec.input_size_px, spec.input_size_px, 3), np.uint8)
        extractor.extract([picture])
        begin_s = time.perf_counter()
        extractor.extract([picture] * TRIALS)
        ms = (time.perf_counter() - begin_s) / TRIALS * 1000
        speeds = {**_load_speeds(workspace), architecture: ms}
        with replacing(workspace.models / SPEEDS) as draft:
            draft.write_text(json.dumps(speeds))
    except (ClusterError, OSError):
        return  # an estimate is worth no error


def find_backbone(spec: BackboneSpec, workspace: Workspace) -> ConvertedBackbone | None:
    """Return a network that can run at once, or None."""
    if spec == SKY_BACKBONE:
        return load_sky_record()
    return find_converted(spec, workspace.backbones)


def estimate_training(workspace: Workspace, config: TrainConfig, split: Split) -> float:
    """Return about how many seconds a training will take, a download left out.

    Parameters
    ----------
    workspace : Workspace
    config : TrainConfig
        Its settings.
    split : Split
        What it would learn from.
    """
    backbone = find_backbone(config.backbone, workspace)
    looking_ms = estimate_speed(workspace, config.architecture).ms
    picture_ms = 0.0
    sides = (
        (split.training, config.training_views),
        (split.validation, config.views),
        (split.testing, config.views),
    )
    for pictures, views in sides:
        n_missing = _count_missing(workspace, config, backbone, pictures, views)
        picture_ms += n_missing * (DECODING_MS + looking_ms * len(views))
    step_s = SECONDS_PER_STEP_AND_FEATURE * config.backbone.n_features
    return (
        FIXED_S
        # Also for the shipped network, whose graph is made when a training first needs it.
        + (0.0 if find_converted(config.backbone, workspace.backbones) else CONVERSION_S)
        + picture_ms / 1000 / count_usable_cpus()
        + step_s * config.how_many_training_steps
    )


def _count_missing(
    workspace: Workspace,
    config: TrainConfig,
    backbone: ConvertedBackbone | None,
    pictures: Sequence[Picture],
    views: Sequence[View],
) -> int:
    """Return how many pictures are not cached; views are cached together, so one will tell."""
    folder = config.bottleneck_dir or workspace.bottlenecks
    if backbone is None or not pictures or not folder.is_dir():
        return len(pictures)
    try:
        with CacheFile(folder) as file:
            cache = BottleneckCache(file, backbone, Preprocessing(config.backbone.input_size_px))
            known = cache.load(views[-1].name, [picture.sha256 for picture in pictures])
    except ClusterError:
        return len(pictures)
    return sum(picture.sha256 not in known for picture in pictures)


def _load_speeds(workspace: Workspace) -> dict[str, float]:
    path: Path = workspace.models / SPEEDS
    try:
        return {str(name): float(ms) for name, ms in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
