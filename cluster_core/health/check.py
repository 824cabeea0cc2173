"""Run all checks of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import DatasetIndex, Picture, Progress, RejectedFile
from cluster_core.data.sky_objects import find_solved_objects
from cluster_core.errors import DatasetError
from cluster_core.health.catalogue_labels import find_catalogue_contradictions
from cluster_core.health.copies import find_copy_findings, list_contradictions
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.health.labels import find_wrong_labels
from cluster_core.health.looks import LookCache
from cluster_core.health.outliers import find_outliers, find_poor_pictures
from cluster_core.health.shortcuts import find_shortcuts
from cluster_core.model.backbones.converted import ConvertedBackbone
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS
from cluster_core.storage.cache_file import CacheFile

# The largest class has this many times the pictures of the smallest one.
MAX_IMBALANCE = 3.0
FEW_PICTURES = 20


@dataclass(frozen=True)
class HealthReport:
    """What a check found.

    Attributes
    ----------
    n_pictures : int
        Number of pictures that were checked.
    findings : tuple of Finding
        The most harmful kinds first; within a kind, the strongest first.
    notes : tuple of str
        What could not be checked, and why, as sentences for the user.
    """

    n_pictures: int
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def to_record(self, index: DatasetIndex) -> dict[str, Any]:
        """Return a record for JSON; pictures and files are named as class/file."""
        return {
            "dataset": str(index.image_dir),
            "pictures": self.n_pictures,
            "findings": [
                {
                    "kind": str(finding.kind),
                    "sentence": finding.sentence,
                    "measure": finding.measure,
                    "pictures": finding.names,
                    **({"suggested": finding.suggested} if finding.suggested else {}),
                }
                for finding in self.findings
            ],
            "notes": list(self.notes),
        }


def check_health(
    index: DatasetIndex,
    network: ConvertedBackbone,
    file: CacheFile,
    on_progress: Progress = lambda done, total: None,
) -> HealthReport:
    """Check a dataset for what would spoil a training or its test.

    Parameters
    ----------
    index : DatasetIndex
        The dataset.
    network : ConvertedBackbone
        Computes the features for wrong labels and outliers.
    file : CacheFile
        Keeps features and looks.
    on_progress : callable, optional
        Called with the numbers of pictures done and in all. An exception in it stops the check;
        what was computed so far is kept.

    Returns
    -------
    HealthReport
        Labels are checked by `find_wrong_labels` and by the catalogue of the sky; copies,
        shortcuts, outliers and poor pictures by the functions of this package. A picture is not
        called an outlier if it is one of a series, or in two classes.

    Raises
    ------
    DatasetError
        There are no pictures.
    ImageError
        A picture can no longer be read.
    RunError
        The cache cannot be used, or the network computes numbers that are not finite.
    """
    pictures = index.pictures
    if not pictures:
        raise DatasetError(
            f"There are no pictures in {index.image_dir} to check: add a sub-folder of pictures "
            "for each class.",
            path=index.image_dir,
        )
    n = len(pictures)
    looks = LookCache(file).measure(pictures, lambda done, _: on_progress(done // 2, n))
    looked = [(one, look) for one, look in zip(pictures, looks, strict=True) if look is not None]
    everything = index.all_pictures
    all_features = compute_plain_features(
        everything, network, file, lambda done, total: on_progress((n + done * n // total) // 2, n)
    )
    features = all_features[:n]  # counter-examples come last
    groups = np.array(group_pictures(pictures, list_copies(pictures)))
    of_looked = groups[[look is not None for look in looks]]
    seen, their_looks = [one for one, _ in looked], [look for _, look in looked]
    copies = find_copy_findings(everything, all_features if network.spec.is_for_sky else None)
    contradictory = {same[0].sha256 for same in list_contradictions(everything)}
    labels, notes = find_wrong_labels(pictures, features, groups, contradictory)
    by_catalogue = find_catalogue_contradictions(pictures, find_solved_objects(pictures, file))
    certain = {finding.key for finding in by_catalogue}
    series = [finding for finding in copies if finding.kind is FindingKind.SERIES]
    alike = contradictory | {one.sha256 for finding in series for one in finding.pictures}
    outliers = find_outliers(pictures, features, groups)
    findings = [
        *copies,
        *by_catalogue,
        *(finding for finding in labels if finding.key not in certain),
        *find_shortcuts(seen, their_looks, of_looked),
        *map(_describe_unusable, index.rejected),
        *(finding for finding in outliers if finding.pictures[0].sha256 not in alike),
        *find_poor_pictures(seen, their_looks),
        *_find_imbalance(index),
    ]
    order = list(FindingKind)
    findings.sort(key=lambda finding: order.index(finding.kind))
    return HealthReport(n, tuple(findings), (*index.notes, *notes))


def compute_plain_features(
    pictures: Sequence[Picture],
    network: ConvertedBackbone,
    file: CacheFile,
    on_progress: Callable[[int, int], None],
) -> np.ndarray:
    """Return the features of pictures as they are: float32, (n_pictures, n_features).

    One view finds as many wrong labels as the eight of a training, in an eighth of the time;
    see `python -m benchmarks.health labels`.
    """
    preprocessing = Preprocessing(network.spec.input_size_px)
    cache = BottleneckCache(file, network, preprocessing)
    source = BottleneckSource(load_extractor(network), preprocessing, cache)
    features: np.ndarray = source.compute(pictures, PLAIN_VIEWS, on_progress)[:, 0]
    return features


def _describe_unusable(file: RejectedFile) -> Finding:
    sentence = f"In {file.label}: {file.reason}"
    return Finding(FindingKind.UNUSABLE, (), sentence, 1.0, file=file)


def _find_imbalance(index: DatasetIndex) -> list[Finding]:
    """Return classes with no or few pictures, and a large difference between classes."""
    empty = [
        _describe_imbalance(
            f"{label}: no pictures",
            f"{label} has no pictures that can be used: add some, or delete the class.",
            0.0,
        )
        for label, count in index.all_counts.items()
        if not count
    ]
    counts = {label: count for label, count in index.counts.items() if count}
    found = empty + [
        _describe_imbalance(
            f"{label}: few pictures",
            f"{label} has only {count:,} {'picture' if count == 1 else 'pictures'}: "
            f"{FEW_PICTURES} or more work better.",
            float(count),
        )
        for label, count in counts.items()
        if count < FEW_PICTURES
    ]
    if len(counts) < 2:  # noqa: PLR2004
        return found
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[most] / counts[least]
    if ratio >= MAX_IMBALANCE:
        sentence = (
            f"{most} has {ratio:.0f} times as many pictures as {least} ({counts[most]:,} and "
            f"{counts[least]:,}): add pictures of {least}, or keep balanced classes on."
        )
        found.append(_describe_imbalance(f"{most}, {least}", sentence, ratio))
    return found


def _describe_imbalance(subject: str, sentence: str, measure: float) -> Finding:
    return Finding(FindingKind.IMBALANCE, (), sentence, measure, subject=subject)
