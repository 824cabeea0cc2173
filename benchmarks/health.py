"""`python -m benchmarks.health COMMAND`: the figures of a dataset's check, in docs/trust.md."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np

from benchmarks.tables import print_table
from cluster_core.data.copies import find_copies_exactly, find_lookalikes
from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import DatasetIndex, Picture, scan_dataset
from cluster_core.evaluation.label_doubts import score_out_of_fold
from cluster_core.health import check_health, choose_network
from cluster_core.health.check import compute_plain_features
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

FLIPPED = 0.05
FIRST = 10  # a tenth of the list
KNOWN_COPIES = (("globular (36)", "globular (4)"), ("globular (1)", "globular (50)"),
                ("globular (1)", "globular (55)"), ("globular (50)", "globular (55)"),
                ("open (15)", "open (91)"))  # fmt: skip
CORRELATIONS = (0.66, 0.7, 0.75, 0.8, 0.9, 0.97)
SIZES = (5_000, 20_000, 80_000)

_photos = click.option(
    "--photos", type=click.Path(path_type=Path, exists=True), required=True, help="Dataset."
)
_draws = click.option("--draws", default=20, show_default=True, help="Draws of wrong labels.")


@click.group()
def main() -> None:
    """Measure the check of a dataset."""


@main.command()
@_photos
@_draws
def labels(photos: Path, draws: int) -> None:
    """Exchange 5 % of the labels at random, and see where they are in the list of doubts."""
    with CacheFile(Workspace.default().bottlenecks) as file:
        index = scan_dataset(photos, file)
        features = compute_plain_features(
            index.pictures, choose_network(index.pictures), file, lambda done, total: None
        )
    groups = np.array(group_pictures(index.pictures, list_copies(index.pictures)))
    shares = np.array([_flip_and_rank(index, features, groups, seed) for seed in range(draws)])
    print(f"{len(index.pictures)} pictures, {FLIPPED:.0%} of the labels exchanged, {draws} draws")
    print_table(
        ["wrong labels found among", "mean", "worst draw"],
        [
            ["the first tenth of all pictures", *_summarise(shares[:, 0])],
            ["those that are listed as doubtful", *_summarise(shares[:, 1])],
        ],
    )
    print(f"listed as doubtful: {shares[:, 2].mean():.1%} of the pictures")


def _flip_and_rank(
    index: DatasetIndex, features: np.ndarray, groups: np.ndarray, seed: int
) -> tuple[float, float, float]:
    """Return the shares of flipped labels in the first tenth and in the list, and its length."""
    random = np.random.default_rng(seed)
    names, n = index.labels, len(index.pictures)
    flipped = random.choice(n, max(1, round(FLIPPED * n)), replace=False)
    pictures = list(index.pictures)
    for number in flipped:
        others = [name for name in names if name != pictures[number].label]
        pictures[number] = _relabel(pictures[number], str(random.choice(others)))
    columns, scores = score_out_of_fold(pictures, features, groups)
    own = np.array([columns.index(picture.label) for picture in pictures])
    rows = np.arange(n)
    others_best = np.where(own[:, np.newaxis] == np.arange(len(columns)), -1, scores).max(axis=1)
    margins = scores[rows, own] - others_best
    first = np.argsort(margins, kind="stable")[: n // FIRST]
    is_listed = margins < 0
    return np.isin(flipped, first).mean(), is_listed[flipped].mean(), is_listed.mean()


def _relabel(picture: Picture, label: str) -> Picture:
    return Picture(**{**vars(picture), "label": label})


def _summarise(shares: np.ndarray) -> list[str]:
    return [f"{shares.mean():.1%}", f"{shares.min():.1%}"]


@main.command()
@click.option("--photos", type=click.Path(path_type=Path, exists=True), help="The 154 photos.")
@click.option("--sizes", default=",".join(map(str, SIZES)), show_default=True)
def copies(photos: Path | None, sizes: str) -> None:
    """Time the search for copies, and count the known ones that it finds."""
    if photos:
        _check_known_copies(photos)
    rows = []
    for n in map(int, sizes.split(",")):
        prints, known = _draw_fingerprints(n)
        started_s, cpu_s = time.perf_counter(), time.process_time()
        found = set(map(tuple, find_lookalikes(prints).tolist()))
        wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
        recall = [
            np.mean([pair in found for pair, its in known.items() if its == correlation])
            for correlation in CORRELATIONS
        ]
        false = len(found - set(known))
        rows.append(
            [f"{n:,}", f"{wall_s:.1f}", f"{cpu_s:.1f}", f"{1e6 * cpu_s / (n * np.log(n)):.2f}",
             *(f"{share:.3f}" for share in recall), str(false)]
        )  # fmt: skip
    print_table(
        ["pictures", "s", "CPU s", "CPU µs / (n ln n)",
         *(f"found at {one}" for one in CORRELATIONS), "false"], rows
    )  # fmt: skip


def _check_known_copies(photos: Path) -> None:
    with CacheFile(Workspace.default().bottlenecks) as file:
        pictures = scan_dataset(photos, file).pictures
    prints = [picture.fingerprint for picture in pictures]
    exact = find_copies_exactly(prints)
    names = {(pictures[one].path.stem, pictures[other].path.stem) for one, other in exact}
    print(f"{len(names & set(KNOWN_COPIES))} of {len(KNOWN_COPIES)} known pairs of copies found, "
          f"{len(names - set(KNOWN_COPIES))} others")  # fmt: skip
    # Among 5,000 unrelated fingerprints, pairs are found by hashes alone.
    many = prints + _draw_fingerprints(5_000, n_copies=0)[0]
    hashed = set(map(tuple, find_lookalikes(many).tolist()))
    print(
        f"by hashes: {len(hashed & set(exact))} of {len(exact)} pairs, "
        f"{len(hashed - set(exact))} others"
    )


def _draw_fingerprints(
    n: int, n_copies: int | None = None
) -> tuple[list[bytes], dict[tuple[int, int], float]]:
    """Return random fingerprints, and the correlations of the pairs that are copies."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((n, 1024), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    known = {}
    for number in range(n // 20 if n_copies is None else n_copies):
        correlation, other = CORRELATIONS[number % len(CORRELATIONS)], n - 1 - number
        rest = rows[other] - (rows[other] @ rows[number]) * rows[number]
        rest *= np.sqrt(1 - correlation**2) / np.linalg.norm(rest)
        rows[other] = correlation * rows[number] + rest
        known[number, other] = correlation
    scaled = np.clip(np.rint(rows * (127 * 8)), -127, 127).astype(np.int8)
    return [row.tobytes() for row in scaled], known


@main.command()
@_photos
@click.option("--cached", is_flag=True, help="Also time it again on cached features.")
def speed(photos: Path, cached: bool) -> None:
    """Time a whole check in an empty workspace, and print its peak memory."""
    folder = Path(tempfile.mkdtemp())
    try:
        rows = [_time_check(photos, folder, "nothing cached")]
        if cached:
            rows.append(_time_check(photos, folder, "features cached"))
    finally:
        shutil.rmtree(folder)
    print_table(["", "pictures", "s", "CPU s", "findings", "peak MB"], rows)


def _time_check(photos: Path, folder: Path, what: str) -> Sequence[str]:
    started_s, cpu_s = time.perf_counter(), time.process_time()
    with CacheFile(folder) as file:
        index = scan_dataset(photos, file)
        report = check_health(index, choose_network(index.pictures), file)
    seconds, cpu_s = time.perf_counter() - started_s, time.process_time() - cpu_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    n_findings = str(len(report.findings))
    times = (f"{seconds:.1f}", f"{cpu_s:.1f}")
    return [what, f"{report.n_pictures:,}", *times, n_findings, f"{peak_mb:.0f}"]


if __name__ == "__main__":
    main()
