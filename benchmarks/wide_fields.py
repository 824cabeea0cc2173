"""`python -m benchmarks.wide_fields`: clusters found in simulated fields, and 60 megapixels."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from benchmarks import large_field
from benchmarks.isolated import run_isolated
from benchmarks.tables import print_table
from cluster_core.evaluation.intervals import compute_wilson_interval
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky import (
    FIELD_STARS,
    PLANTED_KINDS,
    PLANTED_OTHERS,
    STAR_RICH,
    PlantedObject,
    SimulatedField,
    render_wide_field,
)
from cluster_core.wide_fields import FieldCluster, find_clusters, read_field
from cluster_core.workspace import Workspace

# The constants of the search were tuned on fields of other seeds.
SEED = 900
CLUSTERS_PER_FIELD, OTHERS_PER_FIELD = 3, 3
_JPEG_QUALITY = 92
_TAIL = 0.025


@dataclass
class Tally:
    """What was found in the fields of one sort.

    Attributes
    ----------
    planted, found, named : dict of str to int
        By kind: clusters in the fields, those found, and those whose label is right as well.
    alarms : list of int
        False alarms in each field.
    """

    planted: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    alarms: list[int] = field(default_factory=list)

    def add(self, truth: SimulatedField, clusters: Sequence[FieldCluster]) -> None:
        """Compare what was found in a field with what was planted."""
        for planted in truth.clusters:
            _count(self.planted, planted.kind)
            hits = [each for each in clusters if is_hit(planted, each)]
            if hits:
                _count(self.found, planted.kind)
            if any(each.prediction.label == planted.label for each in hits):
                _count(self.named, planted.kind)
        self.alarms.append(
            sum(not any(is_hit(planted, each) for planted in truth.clusters) for each in clusters)
        )


def is_hit(planted: PlantedObject, cluster: FieldCluster) -> bool:
    """Tell whether a cut-out is of a planted cluster.

    The centre of the cluster is in the middle half of the cut-out, which is between a quarter of
    and four times as large as three diameters.
    """
    ratio = cluster.box.width / (3 * planted.diameter_px)
    in_middle = cluster.box.holds(planted.x_px, planted.y_px, share=0.5)
    return in_middle and 1 / 4 < ratio < 4  # noqa: PLR2004


@click.command()
@click.option("--fields", default=60, show_default=True, help="Fields of each sort.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--megapixels/--no-megapixels", default=True, help="Time 60 megapixels as well.")
def main(fields: int, seed: int, megapixels: bool) -> None:
    """Print recall and false alarms of a search, and the time and memory of a large FITS."""
    predictor = Predictor(load_bundle(ASSETS / STARTER), Workspace.default())
    sorts = {
        "with three clusters": (PLANTED_KINDS, CLUSTERS_PER_FIELD, FIELD_STARS),
        "star-rich, without a cluster": ((), 0, STAR_RICH),
        "galaxies and planetary nebulae": (PLANTED_OTHERS, OTHERS_PER_FIELD, FIELD_STARS),
    }
    rows, by_kind = [], Tally()
    for number, (name, (kinds, n_objects, stars)) in enumerate(sorts.items()):
        for is_fits in (False, True):
            tally = Tally()
            for index in range(fields // 2):
                rng = np.random.default_rng([seed, number, is_fits, index])
                chosen = [str(rng.choice(kinds)) for _ in range(n_objects)]
                truth = render_wide_field(rng, kinds=chosen, stars_per_megapixel=stars)
                clusters = _search(predictor, rng, truth, is_fits=is_fits)
                for each in (tally, by_kind):
                    each.add(truth, clusters)
            rows.append([f"{name}, {'FITS' if is_fits else 'JPEG'}", *_describe(tally)])
    print_table(["fields", "number", "found", "label right", "false alarms a field"], rows)
    print()
    kinds_found = [
        [kind, f"{by_kind.found.get(kind, 0)} of {n}"] for kind, n in by_kind.planted.items()
    ]
    print_table(["kind", "found"], kinds_found)
    if megapixels:
        print()
        print_table(["60 megapixels", "clusters", "seconds", "peak MB"], _time_large_field(seed))


def _search(
    predictor: Predictor, rng: np.random.Generator, truth: SimulatedField, *, is_fits: bool
) -> tuple[FieldCluster, ...]:
    """Search a field as a file: FITS without colour, or JPEG with a random processing."""
    file = io.BytesIO()
    if is_fits:
        from astropy.io import fits

        fits.PrimaryHDU(truth.to_counts()[::-1]).writeto(file)
    else:
        picture = Image.fromarray(truth.to_picture(rng))
        picture.save(file, "JPEG", quality=_JPEG_QUALITY)
    field = read_field(file.getvalue(), "field", predictor.bundle.preprocessing)
    return find_clusters(predictor, field)


def _describe(tally: Tally) -> list[str]:
    planted, found, named = (
        sum(counts.values()) for counts in (tally.planted, tally.found, tally.named)
    )
    n_alarms, n_fields = sum(tally.alarms), len(tally.alarms)
    low, high = compute_poisson_interval(n_alarms)
    return [
        str(n_fields),
        _describe_share(found, planted),
        _describe_share(named, found),
        f"{n_alarms / n_fields:.2f} ({low / n_fields:.2f} to {high / n_fields:.2f})",
    ]


def _describe_share(n_right: int, n: int) -> str:
    if not n:
        return ""
    low, high = compute_wilson_interval(n_right, n)
    return f"{n_right} of {n} ({low:.2f} to {high:.2f})"


def compute_poisson_interval(count: int) -> tuple[float, float]:
    """Return the exact 95 % interval of the mean of a Poisson distribution.

    Parameters
    ----------
    count : int
        What was counted, 0 or more.

    References
    ----------
    .. [1] Garwood, F. 1936, "Fiducial limits for the Poisson distribution", Biometrika 28, 437.
    """

    def sum_up_to(last: int, mean: float) -> float:
        log_terms = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(last + 1))
        return sum(map(math.exp, log_terms))

    means = np.linspace(1e-6, 2 * count + 20, 20_001)
    below = [sum_up_to(count, mean) for mean in means]
    high = float(means[np.searchsorted(-np.array(below), -_TAIL)])
    if count == 0:
        return 0.0, high
    before = [1 - sum_up_to(count - 1, mean) for mean in means]
    return float(means[np.searchsorted(before, _TAIL)]), high


def _time_large_field(seed: int) -> list[list[str]]:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in large_field.KINDS:
            path = Path(folder) / f"{kind}.fits"
            large_field.write_field(path, kind, seed)
            for by_catalogue in (False, True):
                figures: dict[str, Any] = run_isolated(
                    large_field.measure, path=str(path), by_catalogue=by_catalogue
                )
                way = "catalogue" if by_catalogue else "search"
                cells = [str(figures["n_clusters"]), f"{figures['seconds']:.1f}"]
                rows.append([f"{kind}, {way}", *cells, f"{figures['peak_mb']:.0f}"])
            path.unlink()
    return rows


def _count(counts: dict[str, int], kind: str) -> None:
    counts[kind] = counts.get(kind, 0) + 1


if __name__ == "__main__":
    main()
