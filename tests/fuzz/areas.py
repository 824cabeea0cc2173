"""The areas of the fuzz test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.fuzz import app_pages, archives, decoding, files, kills, projects, records, training
from tests.fuzz.case import Case
from tests.fuzz.long_work import WORK


@dataclass(frozen=True)
class Area:
    """A kind of case.

    Attributes
    ----------
    run : callable
        Runs a case in its fresh workspace; raises an exception if it fails.
    limit_s : float
        A case that takes longer hangs.
    weight : float
        Share of the time.
    """

    run: Callable[[Case], None]
    limit_s: float = 180.0
    weight: float = 1.0


AREAS: dict[str, Area] = {
    "files": Area(files.damage_and_read, weight=3),
    "training": Area(training.damage_and_train, weight=2),
    "records": Area(records.damage_a_record, limit_s=600, weight=3),
    "manifests": Area(records.import_damaged_manifest, limit_s=240),
    "pages": Area(app_pages.damage_and_open, limit_s=150, weight=2),
    "model-zip": Area(archives.import_model_archive),
    "dataset-zip": Area(archives.import_dataset_archive, weight=2),
    "project-zip": Area(projects.load_damaged_project),
    **{
        f"decode-{name}": Area(partial(decoding.decode_damaged, name), weight=0.1)
        for name in decoding.FORMATS
    },
    **{f"kill-{name}": Area(partial(kills.kill_work, name), limit_s=240) for name in WORK},
    # Each has to load TensorFlow.
    "kill-retrain": Area(partial(kills.kill_work, "retrain"), limit_s=600, weight=3),
}
