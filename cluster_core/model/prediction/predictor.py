"""Label pictures with a trained model. Never loads TensorFlow."""

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.errors import BackboneError
from cluster_core.model.backbones.converted import ConvertedBackbone, find_converted
from cluster_core.model.backbones.litert import FeatureExtractor, load_extractor
from cluster_core.model.backbones.registry import SKY_BACKBONE, BackboneSpec, get_backbone
from cluster_core.model.backbones.shipped import load_sky_record
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.subprocesses import make_environment
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)

MODELS_IN_MEMORY = 8


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    Attributes
    ----------
    label : str
        The class with the highest score.
    scores : mapping of str to float
        Score of every class, highest first; together 1.
    seconds : float
        Time from prepared pixels to scores.
    """

    label: str
    scores: Mapping[str, float]
    seconds: float

    @property
    def score(self) -> float:
        """Score of the label."""
        return self.scores[self.label]


class Predictor:
    """A model ready to answer; safe to share between threads.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    workspace : Workspace
        Where its backbone lies converted, or will.
    n_threads : int
        Threads for one picture; 1 where several pictures are at work at a time.

    Raises
    ------
    BackboneError
        The bundle's backbone is not at hand with the very weights it was trained on.
    """

    def __init__(self, bundle: ModelBundle, workspace: Workspace, n_threads: int = 1) -> None:
        self.bundle = bundle
        backbone = _obtain_backbone(bundle, workspace)
        self._extractor = _load_shared_extractor(backbone, n_threads)

    def predict_file(self, data: bytes, name: str) -> Prediction:
        """Label one file; ImageError if it cannot be read."""
        return self._predict_prepared(self.bundle.preprocessing.decode(data, name))

    def predict_pixels(self, pixels: np.ndarray) -> Prediction:
        """Label one RGB picture, (height, width, 3) uint8."""
        return self._predict_prepared(self.bundle.preprocessing.shrink(pixels))

    def _predict_prepared(self, pixels: np.ndarray) -> Prediction:
        begin = time.perf_counter()
        views = [view.apply(pixels) for view in self.bundle.view_list]
        features = self._extractor.extract(views)[np.newaxis]
        scores = self.bundle.head.compute_scores(features)[0]
        order = np.argsort(-scores, kind="stable")
        ranked = {self.bundle.labels[number]: float(scores[number]) for number in order}
        return Prediction(next(iter(ranked)), ranked, time.perf_counter() - begin)


def predict(
    bundle: ModelBundle, images: Sequence[np.ndarray], workspace: Workspace | None = None
) -> list[Prediction]:
    """Label pictures that are in memory.

    Parameters
    ----------
    bundle : ModelBundle
        From `load_bundle`.
    images : sequence of ndarray of uint8, (height, width, 3)
        RGB pictures of any size.
    workspace : Workspace, optional
        The default one when not given.

    Returns
    -------
    list of Prediction
        One a picture, in order.
    """
    predictor = Predictor(bundle, workspace or Workspace.default(), count_usable_cpus())
    return [predictor.predict_pixels(image) for image in images]


@functools.lru_cache(maxsize=MODELS_IN_MEMORY)
def _load_shared_extractor(backbone: ConvertedBackbone, n_threads: int) -> FeatureExtractor:
    """Load a backbone once for all bundles and visitors of a process."""
    return load_extractor(backbone, n_threads)


def _obtain_backbone(bundle: ModelBundle, workspace: Workspace) -> ConvertedBackbone:
    """Return the bundle's backbone, converted now in another process if it never was."""
    spec = get_backbone(bundle.backbone.name)
    wanted = bundle.backbone.weights_sha256
    if spec == SKY_BACKBONE and (shipped := load_sky_record()).weights_sha256 == wanted:
        return shipped
    found = find_converted(spec, workspace.backbones, weights_sha256=wanted)
    if found is None:
        _convert_elsewhere(spec, workspace)
        found = find_converted(spec, workspace.backbones, weights_sha256=wanted)
    if found is None:
        raise BackboneError(
            f"The model {bundle.name} was trained on {spec.name} with other weights than those in "
            f"{workspace.models}: put the weights it was trained with there, or train it again.",
            name=spec.name,
        )
    return found


def _convert_elsewhere(spec: BackboneSpec, workspace: Workspace) -> None:
    """Convert a backbone in a process of its own, so that this one stays free of TensorFlow."""
    _logger.info("Preparing %s for this machine (once, up to a minute)", spec.name)
    command = [sys.executable, "-m", "cluster_core.model.backbones.conversion", spec.name]
    command += ["--model_dir", str(workspace.models), "--backbones_dir", str(workspace.backbones)]
    outcome = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=make_environment()
    )
    if outcome.returncode:
        lines = outcome.stderr.strip().splitlines() or ["it said nothing"]
        raise BackboneError(
            f"{spec.name} could not be made ready: {lines[-1].removeprefix('Error: ')}",
            name=spec.name,
        )
