"""Label pictures with a trained model, on LiteRT and without loading TensorFlow."""

from __future__ import annotations

import functools
import logging
import math
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cluster_core.errors import BackboneError, ImageError, ImageProblem
from cluster_core.events import count_event
from cluster_core.images import check_not_blank, describe_loss, noting_losses
from cluster_core.model.backbones.availability import explain_missing_network, find_network
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import FeatureExtractor, load_extractor
from cluster_core.model.backbones.registry import BackboneSpec, get_backbone
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.storage.mapping import count_usable_cpus
from cluster_core.subprocesses import make_command, make_environment
from cluster_core.workspace import Workspace

_logger = logging.getLogger(__name__)

MODELS_IN_MEMORY = 8


class Predictor:
    """A model that is ready to label pictures. Can be shared between threads.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    workspace : Workspace
        The workspace of converted backbones. A missing backbone is converted first,
        in another process, which takes up to a minute.
    n_threads : int
        Threads per picture. One is best if several pictures are labelled concurrently.

    Raises
    ------
    BackboneError
        If the backbone is not available with the weights that the model was trained with.
    """

    def __init__(self, bundle: ModelBundle, workspace: Workspace, n_threads: int = 1) -> None:
        self.bundle = bundle
        backbone = obtain_backbone(bundle, workspace)
        self._extractor = _load_shared_extractor(backbone, n_threads)

    def predict_file(self, data: bytes, name: str) -> Prediction:
        """Label a picture file.

        Parameters
        ----------
        data : bytes
            Content of the file.
        name : str
            Name of the file, for error messages.

        Returns
        -------
        Prediction

        Raises
        ------
        ImageError
            If the file cannot be read as a picture, or is blank.
        """
        with noting_losses() as losses:
            pixels = self.bundle.preprocessing.decode(data, name)
        return replace(self.predict_resized(pixels, name), warning=describe_loss(name, losses))

    def predict_pixels(self, pixels: np.ndarray) -> Prediction:
        """Label a picture in memory.

        Parameters
        ----------
        pixels : ndarray of uint8, (height, width, 3)
            RGB, of any size.

        Returns
        -------
        Prediction

        Raises
        ------
        ImageError
            If the picture is blank.
        """
        check_not_blank(pixels, "This picture")
        return self.predict_resized(self.bundle.preprocessing.shrink(pixels))

    def predict_resized(self, pixels: np.ndarray, name: str = "This picture") -> Prediction:
        """Label a picture that `Preprocessing.shrink` has resized.

        Parameters
        ----------
        pixels : ndarray of uint8, (size, size, 3)
            RGB.
        name : str
            Name of the file, for error messages.

        Returns
        -------
        Prediction

        Raises
        ------
        ImageError
            If the model computes scores that are not finite.
        """
        started_s = time.perf_counter()
        views = [view.apply(pixels) for view in self.bundle.view_list]
        features = self._extractor.extract(views)[np.newaxis]
        count_event("prediction")
        with np.errstate(over="ignore", invalid="ignore"):  # checked in the next line
            scores = self.bundle.head.compute_scores(features)[0]
        if not np.isfinite(scores).all():
            raise ImageError(
                f"{name} cannot be labelled, because this model computes numbers for it that are "
                "not finite: choose another model.",
                path=name,
                reason=ImageProblem.UNSUPPORTED,
            )
        prediction = Prediction.of(self.bundle.labels, scores, time.perf_counter() - started_s)
        return replace(
            prediction,
            novelty=_measure_novelty(self.bundle, features),
            limits=Limits.of(self.bundle),
        )


def _measure_novelty(bundle: ModelBundle, features: np.ndarray) -> float | None:
    """Return the novelty of one picture, 0 to 1, or None if the model cannot tell."""
    if bundle.novelty is None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # checked in the next line
        novelty = float(bundle.novelty.measure(features)[0])
    return min(max(novelty, 0.0), 1.0) if math.isfinite(novelty) else None


def predict(
    bundle: ModelBundle, images: Sequence[np.ndarray], workspace: Workspace | None = None
) -> list[Prediction]:
    """Label pictures in memory.

    Parameters
    ----------
    bundle : ModelBundle
        The model, from `load_bundle`.
    images : sequence of ndarray of uint8, (height, width, 3)
        RGB pictures of any size.
    workspace : Workspace, optional
        The workspace of converted backbones; `Workspace.default()` if not passed.

    Returns
    -------
    list of Prediction
        One per picture, in order.

    Raises
    ------
    BackboneError
        If the backbone is not available with the weights that the model was trained with.
    """
    predictor = Predictor(bundle, workspace or Workspace.default(), count_usable_cpus())
    return [predictor.predict_pixels(image) for image in images]


@functools.lru_cache(maxsize=MODELS_IN_MEMORY)
def _load_shared_extractor(backbone: ConvertedBackbone, n_threads: int) -> FeatureExtractor:
    """Load a backbone once per process, for all its models and visitors."""
    return load_extractor(backbone, n_threads)


def obtain_backbone(bundle: ModelBundle, workspace: Workspace) -> ConvertedBackbone:
    """Return the bundle's backbone; convert it first in another process if necessary."""
    spec = get_backbone(bundle.backbone.name)
    wanted = bundle.backbone.weights_sha256
    found = find_network(spec, wanted, workspace)
    if found is None and not spec.ships:
        _convert_in_subprocess(spec, workspace)
        found = find_network(spec, wanted, workspace)
    if found is None:
        sentence = explain_missing_network(spec.name, wanted, workspace)
        raise BackboneError(
            f"The model {bundle.name} cannot be used yet. {sentence}", name=spec.name
        )
    return found


def _convert_in_subprocess(spec: BackboneSpec, workspace: Workspace) -> None:
    """Convert a backbone in another process, so that this one does not load TensorFlow."""
    _logger.info("Preparing %s for this machine (once, up to a minute)", spec.name)
    command = make_command(
        *("cluster_core.model.backbones.conversion", spec.name),
        *("--model_dir", str(workspace.models), "--backbones_dir", str(workspace.backbones)),
    )
    outcome = subprocess.run(  # noqa: S603
        command, capture_output=True, text=True, check=False, env=make_environment()
    )
    if outcome.returncode:
        lines = outcome.stderr.strip().splitlines() or ["the conversion ended without a message"]
        raise BackboneError(
            f"{spec.name} could not be prepared: {lines[-1].removeprefix('Error: ')}",
            name=spec.name,
        )
