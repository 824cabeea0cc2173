"""Six ways to make a picture of any shape square, each measured with one network."""

from __future__ import annotations

import csv
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cross_validation
from cluster_core.workspace import Workspace

Squares = list[np.ndarray]


def squeeze(pixels: np.ndarray) -> Squares:
    """Keep the whole picture, to be resized to a square whatever its shape."""
    return [pixels]


def pad_black(pixels: np.ndarray) -> Squares:
    """Add black margins."""
    return [np.pad(pixels, _margins(pixels))]


def pad_edge(pixels: np.ndarray) -> Squares:
    """Repeat the outermost rows or columns."""
    return [np.pad(pixels, _margins(pixels), mode="edge")]


def pad_mean(pixels: np.ndarray) -> Squares:
    """Add margins in the mean colour of the picture."""
    is_margin = np.pad(np.zeros_like(pixels), _margins(pixels), constant_values=1).astype(bool)
    mean = pixels.reshape(-1, 3).mean(0).round().astype(np.uint8)
    return [np.where(is_margin, mean, np.pad(pixels, _margins(pixels)))]


def crop(pixels: np.ndarray) -> Squares:
    """Keep the square in the middle."""
    return _crop(pixels, (0.5,))


def three_squares(pixels: np.ndarray) -> Squares:
    """Take three squares along the longer side, whose features are averaged."""
    return _crop(pixels, (0.0, 0.5, 1.0))


WAYS: dict[str, Callable[[np.ndarray], Squares]] = {
    "squeezed": squeeze,
    "padded, black": pad_black,
    "padded, edge": pad_edge,
    "padded, mean": pad_mean,
    "cropped": crop,
    "three squares": three_squares,
}


def _margins(pixels: np.ndarray) -> list[tuple[int, int]]:
    sides = pixels.shape[:2]
    missing = [max(sides) - side for side in sides]
    return [*((n // 2, n - n // 2) for n in missing), (0, 0)]


def _crop(pixels: np.ndarray, positions: Sequence[float]) -> Squares:
    side = min(pixels.shape[:2])
    spare = [length - side for length in pixels.shape[:2]]
    corners = [(round(at * spare[0]), round(at * spare[1])) for at in positions]
    return [pixels[top : top + side, left : left + side] for top, left in corners]


def measure(*, photos: str, model_dir: str, architecture: str, way: str, repeats: int) -> Any:
    """Measure one way with one network in this process; see `run_isolated`.

    Parameters
    ----------
    photos, model_dir : str
        Folder with `cluster_photos` and `messier_dev`; folder of the pretrained weights.
    architecture : str
        Name of the network.
    way : str
        A key of `WAYS`.
    repeats : int
        Repeats of the cross-validation.

    Returns
    -------
    dict
        Figures by name, each 0 to 1.
    """
    from cluster_core.data.index import scan_dataset
    from cluster_core.model.backbones.conversion import prepare_backbone
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.head.examples import Examples
    from cluster_core.storage.cache_file import CacheFile
    from cluster_core.training.config import TrainConfig
    from cluster_core.training.tensorflow_setup import set_up_tensorflow

    set_up_tensorflow()
    folder = Path(photos)
    config = TrainConfig(folder / "cluster_photos", architecture=architecture, sky_views=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Workspace(Path(temporary))
        backbone = prepare_backbone(config.backbone, Path(model_dir), work.backbones)
        with CacheFile(work.bottlenecks) as cache:
            index = scan_dataset(config.image_dir, cache)
        extract = _make_extractor(load_extractor(backbone), config, WAYS[way])
        features = np.stack([extract(picture.path) for picture in index.pictures])
        messier, tiers, messier_classes = _read_messier(folder / "messier_dev")
        others = np.stack([extract(path) for path in messier])
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    examples = Examples(features, classes, len(index.labels))
    groups = cross_validation.group_pictures(index.pictures)
    outcome = cross_validation.cross_validate(examples, groups, config, index.labels, repeats)
    figures = {
        "5-fold": statistics.mean(outcome.accuracies),
        "deviation": statistics.stdev(outcome.accuracies) if repeats > 1 else 0.0,
    }
    for name, head in _make_heads(examples, groups, config, index.labels).items():
        answers = head.compute_scores(others).argmax(1)
        for tiers_named in ("A", "AB"):
            chosen = np.isin(tiers, list(tiers_named))
            figures[f"{name}, {tiers_named}"] = _balance(answers[chosen], messier_classes[chosen])
    return figures


def _make_extractor(
    extractor: Any, config: Any, way: Callable[[np.ndarray], Squares]
) -> Callable[[Path], np.ndarray]:
    from cluster_core.images import read_image
    from cluster_core.model.backbones.preprocessing import Preprocessing
    from cluster_core.model.features.views import SKY_VIEWS

    preprocessing = Preprocessing(config.backbone.input_size_px)

    def extract(path: Path) -> np.ndarray:
        squares = [preprocessing.shrink(square) for square in way(read_image(path))]
        features = [extractor.extract([view.apply(s) for view in SKY_VIEWS]) for s in squares]
        mean: np.ndarray = np.mean(features, axis=0)
        return mean

    return extract


def _read_messier(folder: Path) -> tuple[list[Path], np.ndarray, np.ndarray]:
    """Return the clusters, their tiers, and their classes: 0 globular, 1 open."""
    with (folder / "manifest.csv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["file"].startswith(("glob", "open"))]
    classes = np.array([int(row["file"].startswith("open")) for row in rows])
    return [folder / row["file"] for row in rows], np.array([row["tier"] for row in rows]), classes


def _make_heads(
    examples: Any, groups: np.ndarray, config: Any, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Return the head trained on all photos, and the starter's if it is of this network."""
    from cluster_core.model.bundle.folder import load_bundle
    from cluster_core.model.bundle.starter import ASSETS, STARTER, find_prior
    from cluster_core.model.head.training import fit_head

    is_validation = groups % 10 == 0
    fitted = fit_head(
        cross_validation.select(examples, ~is_validation),
        cross_validation.select(examples, is_validation),
        config.head_settings,
        find_prior(config.architecture, labels),
    )
    starter = load_bundle(ASSETS / STARTER)
    heads = {"retrained": fitted.head}
    if starter.backbone.name == config.architecture:
        heads["starter"] = starter.head
    return heads


def _balance(answers: np.ndarray, classes: np.ndarray) -> float:
    return float(np.mean([(answers[classes == label] == label).mean() for label in (0, 1)]))
