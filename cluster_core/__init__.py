"""Cluster Lab as a library: train a model on folders of pictures, then label new ones.

    from cluster_core import load_model

    model = load_model()
    print(model.predict("picture.jpg")[0].label)

Importing this package is quick: each name is loaded on first use (PEP 562), and
TensorFlow only by `train`. Everything here works without a browser.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from cluster_core.version import __version__ as __version__

if TYPE_CHECKING:
    from cluster_core.errors import (
        AccessError,
        BackboneError,
        BundleError,
        ClusterError,
        ConfigError,
        DatasetError,
        DownloadError,
        ImageError,
        RunError,
    )
    from cluster_core.evaluation.scores import Metrics
    from cluster_core.images import read_image
    from cluster_core.model.prediction.prediction import Prediction
    from cluster_core.sky import render_demo_dataset
    from cluster_core.trained_model import TrainedModel, load_model
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.train import TrainingResult, train
    from cluster_core.workspace import Workspace

if sys.version_info < (3, 11):  # noqa: UP036  in a source tree, where pip checks nothing
    sys.exit(
        "Cluster Lab needs Python 3.11 or newer, but this is Python "
        f"{sys.version.split()[0]}: install a newer Python, then run install.py."
    )

if importlib.util.find_spec("click") is None:
    sys.exit(
        "Cluster Lab's packages are not installed for this Python: run `source .venv/bin/activate` "
        "first, or `python3 install.py` if there is no .venv yet."
    )

__all__ = [
    "AccessError",
    "BackboneError",
    "BundleError",
    "ClusterError",
    "ConfigError",
    "DatasetError",
    "DownloadError",
    "ImageError",
    "Metrics",
    "Prediction",
    "RunError",
    "TrainConfig",
    "TrainedModel",
    "TrainingResult",
    "Workspace",
    "load_model",
    "read_image",
    "render_demo_dataset",
    "train",
]

# Errors are in cluster_core.errors.
_HOMES = {
    "Metrics": "cluster_core.evaluation.scores",
    "Prediction": "cluster_core.model.prediction.prediction",
    "TrainConfig": "cluster_core.training.config",
    "TrainedModel": "cluster_core.trained_model",
    "TrainingResult": "cluster_core.training.train",
    "Workspace": "cluster_core.workspace",
    "load_model": "cluster_core.trained_model",
    "read_image": "cluster_core.images",
    "render_demo_dataset": "cluster_core.sky",
    "train": "cluster_core.training.train",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = importlib.import_module(_HOMES.get(name, "cluster_core.errors"))
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
