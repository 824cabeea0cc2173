"""How long a training will take, from speeds that were measured on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.backbones.converted import ConvertedBackbone, find_converted
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import SKY_BACKBONE, BackboneSpec, get_backbone
from cluster_core.model.backbones.shipped import load_sky_record
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.views import View
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.mapping import count_usable_cpus
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
MS_PER_STEP_AND_FEATURE = 4e-4
USUAL_BATCH = 100
# Fewer steps say more about the evaluations between them.
TELLING_STEPS = 100
DECODING_MS = 3.0
_VIEW_MS = "milliseconds a view"
_STEP_MS = "milliseconds a step"


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
    known = _load_speeds(workspace).get(architecture, {}).get(_VIEW_MS)
    if known is not None:
        return Speed(known, True)
    spec = get_backbone(architecture)
    places = (spec.input_size_px / LAST_MAP_STRIDE) ** 2
    return Speed(MS_PER_MILLION_PLACES * spec.n_parameters / 1e6 * places, False)


def measure_speed(workspace: Workspace, architecture: str) -> None:
    """Measure a network that is ready on this machine, and note it; nothing for any other."""
    spec = get_backbone(architecture)
    try:
        backbone = find_backbone(spec, workspace)
        if backbone is None or not backbone.runs_on_litert:
            return
        extractor = LiteRTExtractor(backbone.read_litert())
    except ClusterError:
        return  # an estimate is worth no error
    picture = np.zeros((spec.input_size_px, spec.input_size_px, 3), np.uint8)
    extractor.extract([picture])
    seconds = []
    for _ in range(TRIALS):
        begin_s = time.perf_counter()
        extractor.extract([picture])
        seconds.append(time.perf_counter() - begin_s)
    # The quickest is the one that other programs disturbed least.
    _note(workspace, architecture, _VIEW_MS, min(seconds) * 1000)


def note_steps(workspace: Workspace, architecture: str, n_steps: int, seconds: float) -> None:
    """Note how long steps took of a training with the usual batch."""
    if n_steps >= TELLING_STEPS:
        _note(workspace, architecture, _STEP_MS, seconds / n_steps * 1000)


def find_backbone(spec: BackboneSpec, workspace: Workspace) -> ConvertedBackbone | None:
    """Return a network that can run at once, or None."""
    if spec == SKY_BACKBONE:
        return load_sky_record()
    return find_converted(spec, workspace.backbones)


def estimate_training(workspace: Workspace, config: TrainConfig, split: Split) -> float:
    """Return about how many seconds a training will take, a download left out.

    Early stopping may make it less.

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
    step_ms = _estimate_step_ms(workspace, config)
    return (
        FIXED_S
        # Also for the shipped network, whose graph is made when a training first needs it.
        + (0.0 if find_converted(config.backbone, workspace.backbones) else CONVERSION_S)
        + picture_ms / 1000 / count_usable_cpus()
        + step_ms / 1000 * config.how_many_training_steps
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


def _estimate_step_ms(workspace: Workspace, config: TrainConfig) -> float:
    known = _load_speeds(workspace).get(config.architecture, {}).get(_STEP_MS)
    usual_ms = MS_PER_STEP_AND_FEATURE * config.backbone.n_features if known is None else known
    return usual_ms * max(1.0, config.train_batch_size / USUAL_BATCH)


def _note(workspace: Workspace, architecture: str, name: str, value: float) -> None:
    """Keep a speed; what was known counts half, so that one odd run does not decide."""
    speeds = _load_speeds(workspace)
    mine = speeds.setdefault(architecture, {})
    mine[name] = value if name not in mine else (mine[name] + value) / 2
    with suppress(OSError), replacing(workspace.models / SPEEDS) as draft:
        draft.write_text(json.dumps(speeds, indent=1))


def _load_speeds(workspace: Workspace) -> dict[str, dict[str, float]]:
    path: Path = workspace.models / SPEEDS
    try:
        return {
            str(architecture): {str(name): float(value) for name, value in values.items()}
            for architecture, values in json.loads(path.read_text()).items()
        }
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}
