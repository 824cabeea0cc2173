"""Estimate how long a training takes, from speeds measured on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cluster_core.data.index import Picture
from cluster_core.data.splits import Split
from cluster_core.errors import ClusterError
from cluster_core.model.backbones.converted import ConvertedBackbone, find_converted
from cluster_core.model.backbones.litert import LiteRTExtractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.views import PLAIN_VIEWS, View
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.drafts import replacing
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.training.choice.networks import list_networks
from cluster_core.training.choice.sample import draw_sample
from cluster_core.training.choice.trial import find_choice, list_candidates
from cluster_core.training.config import TrainConfig
from cluster_core.workspace import Workspace

SPEEDS = "speeds.json"
N_TIMINGS = 5
# For networks not measured yet: work grows with the weights times the positions of the last
# feature map.
MS_PER_MILLION_WEIGHTS = 0.12
LAST_MAP_STRIDE = 32
# Measured with `python -m benchmarks.retrain`: time that does not depend on the pictures.
FIXED_S = 0.3
CONVERSION_S = 4.0
TENSORFLOW_S = 5.0  # to load it in a process that only converts
MS_PER_STEP_AND_FEATURE = 4e-4
USUAL_BATCH = 100
# With fewer steps, evaluations would dominate the measured time.
MIN_TIMED_STEPS = 100
DECODING_MS = 3.0
# How far a slower measurement moves the recorded speed: it was probably disturbed by other work.
SLOWER_SHARE = 0.1
# A recorded speed that is slower than an hour per step or view is damaged.
MAX_MS = 3_600_000
_VIEW_MS = "milliseconds a view"
_STEP_MS = "milliseconds a step"


@dataclass(frozen=True)
class Speed:
    """The speed of a network.

    Attributes
    ----------
    ms : float
        Milliseconds per view of a picture, on one core.
    is_measured : bool
        Whether it was measured on this machine, or else estimated from the network's size.
    """

    ms: float
    is_measured: bool


def estimate_speed(workspace: Workspace, architecture: str) -> Speed:
    """Return the speed of a network, measured if possible.

    Raises
    ------
    BackboneError
        The architecture is unknown.
    """
    measured_ms = _load_speeds(workspace).get(architecture, {}).get(_VIEW_MS)
    if measured_ms is not None:
        return Speed(measured_ms, True)
    spec = get_backbone(architecture)
    n_positions = (spec.input_size_px / LAST_MAP_STRIDE) ** 2
    return Speed(MS_PER_MILLION_WEIGHTS * spec.n_parameters / 1e6 * n_positions, False)


def measure_speed(workspace: Workspace, architecture: str) -> None:
    """Measure and record the speed of a network.

    Does nothing if the network has not been converted for this machine or cannot be run.

    Raises
    ------
    BackboneError
        The architecture is unknown.
    """
    spec = get_backbone(architecture)
    try:
        backbone = find_backbone(spec, workspace)
        if backbone is None or not backbone.runs_on_litert:
            return
        extractor = LiteRTExtractor(backbone.read_litert())
    except ClusterError:
        return  # an estimate is not worth an error
    picture = np.zeros((spec.input_size_px, spec.input_size_px, 3), np.uint8)
    extractor.extract([picture])
    seconds = []
    for _ in range(N_TIMINGS):
        start_s = time.process_time()  # of one thread, so other programs do not count
        extractor.extract([picture])
        seconds.append(time.process_time() - start_s)
    _record(workspace, architecture, _VIEW_MS, min(seconds) * 1000)


def record_step_speed(
    workspace: Workspace, architecture: str, n_steps: int, seconds: float
) -> None:
    """Record how long the steps of a training took; ignored below `MIN_TIMED_STEPS` steps.

    Parameters
    ----------
    workspace : Workspace
    architecture : str
        Name of the backbone.
    n_steps : int
        Steps run, with batches of at most `USUAL_BATCH` pictures.
    seconds : float
        Time they took together.
    """
    if n_steps >= MIN_TIMED_STEPS:
        _record(workspace, architecture, _STEP_MS, seconds / n_steps * 1000)


def find_backbone(spec: BackboneSpec, workspace: Workspace) -> ConvertedBackbone | None:
    """Return a network that needs no download or conversion, or None."""
    if spec.ships:
        return load_shipped_record(spec)
    return find_converted(spec, workspace.backbones)


def estimate_training(workspace: Workspace, config: TrainConfig, split: Split) -> float:
    """Return the estimated duration of a training in seconds, without downloads.

    Early stopping may make it shorter.

    Parameters
    ----------
    workspace : Workspace
        Provides measured speeds and cached features.
    config : TrainConfig
        Settings of the training.
    split : Split
        The pictures it would use.
    """
    if config.is_automatic:
        return _estimate_automatic(workspace, config, split)
    backbone = find_backbone(config.backbone, workspace)
    view_ms = estimate_speed(workspace, config.architecture).ms
    picture_ms = 0.0
    sides = (
        (split.training, config.training_views),
        (split.validation, config.views),
        (split.testing, config.views),
    )
    for pictures, views in sides:
        n_missing = _count_missing(workspace, config, backbone, pictures, views)
        picture_ms += n_missing * (DECODING_MS + view_ms * len(views))
    step_ms = _estimate_step_ms(workspace, config)
    return (
        FIXED_S
        # Applies to the shipped network too: its graph is made by the first training.
        + (0.0 if find_converted(config.backbone, workspace.backbones) else CONVERSION_S)
        + picture_ms / 1000 / count_usable_cpus()
        + step_ms / 1000 * config.how_many_training_steps
    )


def estimate_trial(workspace: Workspace, config: TrainConfig, split: Split) -> float:
    """Return the estimated duration of the trial that chooses a network, in seconds.

    Parameters
    ----------
    workspace, config, split
        As for `estimate_training`.
    """
    sample = draw_sample(list_candidates(split))
    if sample is None:
        return 0.0
    seconds = 0.0
    for spec in list_networks(config, workspace):
        backbone = find_backbone(spec, workspace)
        if backbone is None:
            seconds += CONVERSION_S + TENSORFLOW_S
        config = replace(config, architecture=spec.name)
        n_missing = _count_missing(workspace, config, backbone, sample.pictures, PLAIN_VIEWS)
        picture_ms = DECODING_MS + estimate_speed(workspace, spec.name).ms
        seconds += n_missing * picture_ms / 1000 / count_usable_cpus()
    return seconds


def _estimate_automatic(workspace: Workspace, config: TrainConfig, split: Split) -> float:
    """Return the estimated duration with the chosen network, or else with the slowest."""
    choice = find_choice(config, split, workspace)
    if choice is not None:
        return estimate_training(
            workspace, replace(config, architecture=choice.architecture), split
        )
    networks = list_networks(config, workspace)
    return estimate_trial(workspace, config, split) + max(
        estimate_training(workspace, replace(config, architecture=spec.name), split)
        for spec in networks
    )


def _count_missing(
    workspace: Workspace,
    config: TrainConfig,
    backbone: ConvertedBackbone | None,
    pictures: Sequence[Picture],
    views: Sequence[View],
) -> int:
    """Return how many pictures are not cached; all views are cached together, so check one."""
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
    step_ms = _load_speeds(workspace).get(config.architecture, {}).get(_STEP_MS)
    if step_ms is None:
        step_ms = MS_PER_STEP_AND_FEATURE * config.backbone.n_features
    return step_ms * max(1.0, config.train_batch_size / USUAL_BATCH)


def _record(workspace: Workspace, architecture: str, name: str, value: float) -> None:
    """Save a speed if it is the fastest; a slower one moves the recorded speed a little."""
    speeds = _load_speeds(workspace)
    recorded = speeds.setdefault(architecture, {})
    fastest = min(value, recorded.get(name, value))
    recorded[name] = fastest + SLOWER_SHARE * (value - fastest)
    with suppress(OSError), replacing(workspace.models / SPEEDS) as draft:
        draft.write_text(json.dumps(speeds, indent=1))


def _load_speeds(workspace: Workspace) -> dict[str, dict[str, float]]:
    path: Path = workspace.models / SPEEDS
    try:
        speeds = {
            str(architecture): {str(name): float(value) for name, value in values.items()}
            for architecture, values in json.loads(path.read_text()).items()
        }
    except (OSError, ValueError, AttributeError, TypeError, RecursionError, OverflowError):
        return {}
    # JSON files may contain NaN and Infinity, which would make every estimate infinite.
    return {
        architecture: {name: ms for name, ms in values.items() if 0 < ms < MAX_MS}
        for architecture, values in speeds.items()
    }
