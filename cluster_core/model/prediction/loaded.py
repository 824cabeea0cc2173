"""Models in memory, loaded once per process and shared by the pages and the REST API."""

from __future__ import annotations

import functools
import threading

from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.predictor import MODELS_IN_MEMORY, Predictor
from cluster_core.workspace import Workspace

# Loading may take a minute, if a network must be prepared first: two threads would both do it.
_locks: dict[tuple[Workspace, str], threading.Lock] = {}


def obtain_predictor(workspace: Workspace, model: ModelSummary) -> Predictor:
    """Return a model that is ready to label pictures, loaded at most once.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the model.
    model : ModelSummary
        The model; a changed manifest makes it another one.

    Returns
    -------
    Predictor
        With one thread per picture, because several visitors may classify at once.

    Raises
    ------
    BundleError
        The model is damaged, or was deleted since it was listed.
    BackboneError
        Its network is not available.
    """
    with _locks.setdefault((workspace, model.id), threading.Lock()):
        return _load(workspace, model.id, model.manifest_sha256)


@functools.lru_cache(maxsize=MODELS_IN_MEMORY)
def _load(workspace: Workspace, model_id: str, manifest_sha256: str) -> Predictor:
    """Load a model; the hash of its manifest is part of the key of the cache only."""
    return Predictor(load_bundle(model_dir(workspace, model_id)), workspace)
