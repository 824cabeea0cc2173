"""`python -m benchmarks.labelling`: what labelling the most telling pictures first is worth.

Queues of simulated pictures are labelled in two orders, at random and as the Label page does. After
each few labels, a quick head is fitted to them and tested on pictures that are in no queue.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

from benchmarks.tables import print_table
from cluster_core.labelling.advice import Adviser
from cluster_core.labelling.leave_one_out import fit_leave_one_out
from cluster_core.labelling.records import Decision, Verdict
from cluster_core.sky import DEMO_CLASSES, render_picture

N_QUEUED, N_TEST, SIZE_PX = 2_000, 1_000, 128
CLASSES = tuple(DEMO_CLASSES)
MOST, HALF = 200, 100
SHOWN = (10, 20, 30, 50, 70, 100, 150, 200)
_ROUNDS_AT_RANDOM = 4

Curve = dict[int, float]


def render_draw(seed: int, draw: int) -> tuple[np.ndarray, np.ndarray]:
    """Render the pictures of one draw, and compute their features with the Sky network.

    Returns
    -------
    features : ndarray of float32, (N_QUEUED + N_TEST, n_features)
    classes : ndarray of int, (N_QUEUED + N_TEST,)
        Index in `CLASSES`, drawn evenly.
    """
    from cluster_core.model.backbones.litert import load_extractor
    from cluster_core.model.backbones.registry import SKY_BACKBONE
    from cluster_core.model.backbones.shipped import load_shipped_record

    extractor = load_extractor(load_shipped_record(SKY_BACKBONE))
    features, classes = [], []
    for number in range(N_QUEUED + N_TEST):
        rng = np.random.default_rng([seed, draw, number])
        label = int(rng.integers(len(CLASSES)))
        kind = str(rng.choice(DEMO_CLASSES[CLASSES[label]]))
        picture = render_picture(rng, kind, SIZE_PX, SIZE_PX)
        features.append(extractor.extract([picture.pixels])[0])
        classes.append(label)
    return np.stack(features), np.array(classes)


def load_draw(seed: int, draw: int, cache: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return what `render_draw` does, from a folder if it was kept there."""
    path = cache and cache / f"labelling_seed{seed}_draw{draw}.npz"
    if path and path.exists():
        with np.load(path, allow_pickle=False) as arrays:
            return arrays["features"], arrays["classes"]
    features, classes = render_draw(seed, draw)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, features=features, classes=classes)
    return features, classes


class Simulation:
    """One queue whose true classes are known.

    Parameters
    ----------
    features, classes
        From `render_draw`.
    every : int
        Labels between two updates of the order.
    """

    def __init__(self, features: np.ndarray, classes: np.ndarray, every: int) -> None:
        queued = features[:N_QUEUED]
        mean, deviation = queued.mean(axis=0), np.maximum(queued.std(axis=0), 1e-6)
        standardised = ((features - mean) / deviation).astype(np.float32)
        self._queued, self._tested = standardised[:N_QUEUED], standardised[N_QUEUED:]
        self._raw, self._classes, self._every = queued, classes, every
        self.seconds: list[float] = []
        self.estimates: list[tuple[int, float, float, float, float]] = []

    def test(self, labelled: list[int]) -> float:
        """Return the accuracy on the test pictures of a head fitted to some labels."""
        head = self._fit(labelled)
        answers = head.compute_scores(self._tested).argmax(axis=1)
        return float((answers == self._classes[N_QUEUED:]).mean())

    def label_at_random(self, seed: int) -> Curve:
        """Return the accuracy by the number of labels, for a random order."""
        order = np.random.default_rng(seed).permutation(N_QUEUED).tolist()
        return {n: self.test(order[:n]) for n in range(10, MOST + 1, 5)}

    def label_telling(self) -> Curve:
        """Return the accuracy by the number of labels, for the order of the Label page."""
        names = [str(number) for number in range(N_QUEUED)]
        adviser = Adviser(names, self._raw, CLASSES)
        decisions: dict[str, Decision] = {}
        curve: Curve = {}
        while len(decisions) < MOST:
            started_s = time.perf_counter()
            advice = adviser.advise(decisions)
            self.seconds.append(time.perf_counter() - started_s)
            for name in advice.ranking[: self._every]:
                label = CLASSES[self._classes[int(name)]]
                decisions[name] = Decision(Verdict.LABEL, label, "")
            labelled = [int(name) for name in decisions]
            if len(labelled) >= SHOWN[0] and len(labelled) % 5 == 0:
                curve[len(labelled)] = self.test(labelled)
            if advice.curve and len(labelled) - self._every in SHOWN:
                self._note_estimate(advice.curve[-1], labelled[: -self._every])
        return curve

    def _fit(self, labelled: list[int]):  # type: ignore[no-untyped-def]
        return fit_leave_one_out(self._queued[labelled], self._classes[labelled], len(CLASSES))

    def _note_estimate(self, estimate, labelled: list[int]) -> None:  # type: ignore[no-untyped-def]
        """Keep an estimate with the truth, on the other pictures of the queue."""
        others = np.setdiff1d(np.arange(N_QUEUED), labelled)
        answers = self._fit(labelled).compute_scores(self._queued[others]).argmax(axis=1)
        truth = float((answers == self._classes[others]).mean())
        row = (len(labelled), truth, estimate.accuracy, estimate.low, estimate.high)
        self.estimates.append(row)


@click.command()
@click.option("--draws", default=10, show_default=True, help="Number of simulated queues.")
@click.option("--seed", default=0, show_default=True, help="Another seed renders other queues.")
@click.option(
    "--every", default=5, show_default=True, help="Labels between two updates of the order."
)
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Folder where features are kept between runs."
)
def main(draws: int, seed: int, every: int, cache: Path | None) -> None:
    """Print accuracies by the number of labels, and how good the page's estimate of them is."""
    random_curves: list[Curve] = []
    telling_curves: list[Curve] = []
    estimates, seconds = [], []
    for draw in range(draws):
        simulation = Simulation(*load_draw(seed, draw, cache), every)
        rounds = [simulation.label_at_random(seed) for seed in range(_ROUNDS_AT_RANDOM)]
        random_curves.append({n: float(np.mean([one[n] for one in rounds])) for n in rounds[0]})
        telling_curves.append(simulation.label_telling())
        estimates += simulation.estimates
        seconds += simulation.seconds
    _print_accuracies(random_curves, telling_curves)
    _print_estimates(estimates)
    print(f"\nOne update of the order took {1000 * np.median(seconds):.0f} ms (median).")


def _print_accuracies(random_curves: list[Curve], telling_curves: list[Curve]) -> None:
    def average(curves: list[Curve]) -> Callable[[int], float]:
        return lambda n: float(np.mean([curve[n] for curve in curves]))

    at_random, telling = average(random_curves), average(telling_curves)
    print(f"Accuracy on {N_TEST:,} other pictures, {len(CLASSES)} classes; mean of the draws.\n")
    rows = [[f"{n}", f"{at_random(n):.3f}", f"{telling(n):.3f}"] for n in SHOWN]
    print_table(["labels", "random order", "most telling first"], rows)
    sizes = sorted(telling_curves[0])
    lasting = (n for n in sizes if all(telling(m) >= at_random(MOST) for m in sizes if m >= n))
    needed = next(lasting, None)
    pairs = zip(random_curves, telling_curves, strict=True)
    behind = np.array([at_random[MOST] - telling[HALF] for at_random, telling in pairs])
    error = behind.std(ddof=1) / np.sqrt(len(behind)) if len(behind) > 1 else np.nan
    print(
        f"\nThe accuracy of {MOST} labels in random order is reached, and kept, with {needed}. "
        f"With {HALF} it is {behind.mean():.4f} below, with a standard error of {error:.4f}."
    )


def _print_estimates(estimates: list[tuple[int, float, float, float, float]]) -> None:
    print("\nThe page's estimate of the accuracy on the rest of the queue; mean of the draws.\n")
    rows = []
    for size in SHOWN:
        found = np.array([row[1:] for row in estimates if row[0] == size])
        if len(found):
            truth, estimate, low, high = found.T
            held = int(((low <= truth) & (truth <= high)).sum())
            cells = [f"{column.mean():.3f}" for column in (truth, estimate, low, high)]
            rows.append([f"{size}", *cells, f"{held} of {len(found)}"])
    print_table(["labels", "truth", "estimate", "from", "to", "interval holds it"], rows)


if __name__ == "__main__":
    main()
