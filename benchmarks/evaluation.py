"""`python -m benchmarks.evaluation --photos DIR`: the figures of the evaluation, in docs/trust.md.

Prints how often the 95 % intervals hold the truth of simulated experiments, how long a
cross-validation takes, and how far the forecast of the learning curve is off.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import click
import numpy as np

from benchmarks.tables import print_table
from cluster_core.data.index import DatasetIndex, Picture, scan_dataset
from cluster_core.evaluation.cross_validation import (
    cross_validate_pictures,
    draw_repeated_folds,
)
from cluster_core.evaluation.intervals import compute_resampled_interval, compute_wilson_interval
from cluster_core.evaluation.picture_features import compute_mean_features
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.head.ridge import RidgeHead
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

N_PER_POPULATION = 20
# The 97.5 % quantile of Student's t with 49 degrees of freedom.
T_95 = 2.0096
N_MANY, N_FEATURES = 10_000, 256


@click.command()
@click.option(
    "--photos", type=click.Path(path_type=Path, exists=True), required=True, help="Dataset."
)
@click.option("--experiments", default=2_500, show_default=True, help="Simulated experiments.")
@click.option("--draws", default=20, show_default=True, help="Draws of half the photos.")
def main(photos: Path, experiments: int, draws: int) -> None:
    """Measure intervals, times and forecasts."""
    print_table(("interval", "holds the truth"), measure_coverage(experiments))
    print()
    index, features = _load(photos)
    print_table(("what", "seconds"), measure_times(index, features))
    print()
    print_table(
        ("forecast from half the photos", "points"), measure_forecast(index, features, draws)
    )


def measure_coverage(n_experiments: int) -> list[tuple[str, str]]:
    """Return the share of simulated experiments in which each interval holds the truth."""
    from tests.evaluation.simulated_experiments import cross_validate, draw_population

    random, held = np.random.default_rng(0), Counter[str]()
    for _ in range(n_experiments // N_PER_POPULATION):
        population = draw_population(random)
        truth = population.find_truth(random)
        for _ in range(N_PER_POPULATION):
            features, classes, groups = population.draw(random)
            accuracies = cross_validate(features, classes, groups)
            low, high = compute_resampled_interval(accuracies, len(np.unique(groups)))
            held["cross-validation: corrected variance in Wilson's form"] += low <= truth <= high
            width = T_95 * np.sqrt((1 / accuracies.size + 1 / 4) * accuracies.var(ddof=1))
            held["cross-validation: corrected variance and Student's t"] += bool(
                abs(accuracies.mean() - truth) <= width
            )
            truth_of_test, n = random.uniform(0.5, 0.98), int(random.integers(14, 200))
            low, high = compute_wilson_interval(int(random.binomial(n, truth_of_test)), n)
            held["test: Wilson"] += low <= truth_of_test <= high
    return [(name, f"{100 * count / n_experiments:.1f} %") for name, count in held.items()]


def measure_times(index: DatasetIndex, features: np.ndarray) -> list[tuple[str, str]]:
    """Return the seconds that cross-validations take, features being cached."""
    classes = np.array([index.labels.index(picture.label) for picture in index.pictures])
    groups = np.arange(len(classes))

    def only_fold() -> None:
        folds = draw_repeated_folds(classes, groups)
        head = RidgeHead(features, classes, len(index.labels))
        for row in folds:
            head.predict_left_out(row)

    random = np.random.default_rng(0)
    many = [
        Picture(Path("many", "ab"[n % 2], f"{n}.png"), "ab"[n % 2], f"{n:064d}", 8, 8, bytes(1024))
        for n in range(N_MANY)
    ]
    their_features = random.normal(size=(N_MANY, N_FEATURES)).astype(np.float32)
    their_features[::2, :5] += 1
    return [
        (f"10 x 5 folds of {len(classes)} photos", _time(only_fold)),
        (
            "all of it, with groups, temperature and learning curve",
            _time(lambda: cross_validate_pictures(index.pictures, features, index.labels)),
        ),
        (
            f"all of it, {N_MANY:,} pictures with {N_FEATURES} features",
            _time(lambda: cross_validate_pictures(many, their_features, ("a", "b"))),
        ),
    ]


def measure_forecast(
    index: DatasetIndex, features: np.ndarray, n_draws: int
) -> list[tuple[str, str]]:
    """Return how far the forecast from half the photos is from what all of them give."""
    truth = cross_validate_pictures(index.pictures, features, index.labels).accuracy
    errors, n_poor = [], 0
    for draw in range(n_draws):
        half = np.random.default_rng(draw).permutation(len(features))[: len(features) // 2]
        pictures = [index.pictures[number] for number in half]
        curve = cross_validate_pictures(pictures, features[half], index.labels).curve
        forecast = curve.forecast()
        if forecast is None or forecast.is_poor:
            n_poor += 1
            continue
        errors.append(forecast.predict(2 * curve.points[-1].n_pictures) - truth)
    return [
        ("accuracy with all photos", f"{100 * truth:.1f}"),
        ("mean difference of the forecast", f"{100 * np.mean(errors):+.1f}"),
        ("mean absolute difference", f"{100 * np.mean(np.abs(errors)):.1f}"),
        ("draws without a forecast", f"{n_poor} of {n_draws}"),
    ]


def _load(photos: Path) -> tuple[DatasetIndex, np.ndarray]:
    workspace = Workspace.default()
    with CacheFile(workspace.bottlenecks) as cache:
        index = scan_dataset(photos, cache)
    bundle = load_bundle(ASSETS / STARTER)
    return index, compute_mean_features(index.pictures, bundle, workspace, lambda *_: None)


def _time(work: object) -> str:
    assert callable(work)
    work()
    started_s = time.perf_counter()
    work()
    return f"{time.perf_counter() - started_s:.2f}"


if __name__ == "__main__":
    main()
