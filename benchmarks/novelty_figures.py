"""What `benchmarks.novelty` measures, in a process of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.workspace import Workspace

CLUSTERS = ("globular", "open")
KNN_NEIGHBOURS = 5


def measure(photos: str, training: str | None) -> dict[str, Any]:
    """Return the figures of novelty, of the highest score, and of plain nearest neighbours.

    Parameters
    ----------
    photos : str
        Folder with the sub-folders globular, open and other.
    training : str or None
        The dataset to train on; None for the starter model.
    """
    with tempfile.TemporaryDirectory() as folder:
        bundle = _get_model(training, Workspace(Path(folder)))
        extract = _make_extractor(bundle)
        clusters = np.concatenate([extract(Path(photos, name)) for name in CLUSTERS])
        others = extract(Path(photos, "other"))
        made_up = {name: extract.pixels(pixels) for name, pixels in _list_pictures().items()}
    detector = bundle.novelty
    novelty = [detector.measure(rows) for rows in (clusters, others)]
    scored = [1 - bundle.head.compute_scores(rows).max(axis=1) for rows in (clusters, others)]
    nearest = [_measure_neighbours(rows) for rows in (clusters, others)]
    shares = [_describe_share(values > detector.threshold) for values in novelty]
    return {
        "made_up": [
            [name, "yes" if detector.measure(rows)[0] > detector.threshold else "NO"]
            for name, rows in made_up.items()
        ],
        "rows": [
            ["novelty", _describe_auroc(*novelty), *shares],
            ["1 - highest score", _describe_auroc(*scored), "", ""],
            ["5 nearest rehearsed clusters", _describe_auroc(*nearest), "", ""],
        ],
    }


def _get_model(training: str | None, workspace: Workspace) -> Any:
    from cluster_core.model.backbones.shipped import ASSETS, STARTER
    from cluster_core.model.bundle.folder import load_bundle

    if training is None:
        return load_bundle(ASSETS / STARTER)
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.train import train

    return train(TrainConfig(Path(training)), workspace).bundle


def _make_extractor(bundle: Any) -> Any:
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.registry import get_backbone
    from cluster_core.model.backbones.shipped import load_shipped_record

    network = load_extractor(load_shipped_record(get_backbone(bundle.backbone.name)), 1)

    class Extract:
        """Computes the features of pictures in all views of the model."""

        def __call__(self, folder: Path) -> np.ndarray:
            return np.concatenate([self.file(path) for path in sorted(folder.iterdir())])

        def file(self, path: Path) -> np.ndarray:
            return self._extract(bundle.preprocessing.decode(path.read_bytes(), path.name))

        def pixels(self, pixels: np.ndarray) -> np.ndarray:
            return self._extract(bundle.preprocessing.shrink(pixels))

        def _extract(self, resized: np.ndarray) -> np.ndarray:
            return network.extract([view.apply(resized) for view in bundle.view_list])[np.newaxis]

    return Extract()


def _list_pictures() -> dict[str, np.ndarray]:
    """Return frames without an object, and the sample photographs of scikit-image."""
    from skimage import data

    random = np.random.default_rng(0)
    y, x = np.mgrid[:512, :512] / 512 - 0.5
    dark = random.normal(30, 6, x.shape)
    hot = random.random(x.shape) > 0.998  # noqa: PLR2004
    dark[hot] += random.exponential(120, hot.sum())
    ball = np.sqrt(np.clip(1 - (x**2 + y**2) / 0.09, 0, 1))
    frames = {
        "bias": random.normal(60, 10, x.shape),
        "dark": dark,
        "flat": 200 * (1 - 0.5 * (x**2 + y**2)) + random.normal(0, 2, x.shape),
        "noise": random.uniform(0, 255, x.shape),
        "blank": np.full(x.shape, 40.0),
        "Jupiter": 220 * ball**0.5 * (1 + 0.15 * np.sin(60 * y) + 0.1 * np.sin(140 * y)),
    }
    names = ("astronaut", "brick", "camera", "cat", "coffee", "coins", "grass", "gravel", "moon")
    more = ("page", "text", "rocket", "retina", "clock", "hubble_deep_field")
    photographs = {f"scikit-image: {name}": getattr(data, name)() for name in (*names, *more)}
    return {name: _to_rgb(pixels) for name, pixels in {**frames, **photographs}.items()}


def _to_rgb(pixels: np.ndarray) -> np.ndarray:
    shown = np.clip(pixels, 0, 255).astype(np.uint8)
    return shown if shown.ndim == 3 else np.stack([shown] * 3, axis=-1)  # noqa: PLR2004


def _measure_neighbours(features: np.ndarray) -> np.ndarray:
    """Return the mean distance to the nearest rehearsed clusters, of features of length 1."""
    from cluster_core.model.bundle.starter import load_rehearsal

    rehearsed, _ = load_rehearsal()
    points, known = (
        rows / np.linalg.norm(rows, axis=1, keepdims=True)
        for rows in (features.mean(axis=1), rehearsed)
    )
    squared = 2 - 2 * points @ known.T
    nearest = np.partition(squared, KNN_NEIGHBOURS, axis=1)[:, :KNN_NEIGHBOURS]
    distance: np.ndarray = np.sqrt(np.maximum(nearest, 0)).mean(axis=1)
    return distance


def _describe_share(answers: np.ndarray) -> str:
    from cluster_core.evaluation.intervals import compute_wilson_interval

    low, high = compute_wilson_interval(int(answers.sum()), len(answers))
    return f"{answers.sum()} of {len(answers)} ({low:.2f} to {high:.2f})"


def _describe_auroc(clusters: np.ndarray, others: np.ndarray) -> str:
    random = np.random.default_rng(0)
    draws = [
        _compute_auroc(random.choice(clusters, len(clusters)), random.choice(others, len(others)))
        for _ in range(1000)
    ]
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{_compute_auroc(clusters, others):.3f} ({low:.3f} to {high:.3f})"


def _compute_auroc(clusters: np.ndarray, others: np.ndarray) -> float:
    """Return the share of pairs in which the other picture scores higher; ties count half."""
    difference = others[:, np.newaxis] - clusters
    return float((difference > 0).mean() + 0.5 * (difference == 0).mean())
