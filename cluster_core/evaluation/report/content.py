"""The content of a report: a model, the data, and everything that was measured."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.folder_test import FolderTest
from cluster_core.evaluation.rejections import Rejections
from cluster_core.evaluation.report.summary import summarise_cross_validation, summarise_pictures
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import describe_rejections, list_warnings
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.version import __version__

FORMAT = "cluster-lab evaluation"
FORMAT_VERSION = 1
CITATION = f"The Cluster Lab developers. Cluster Lab, version {__version__} (software)."
_PACKAGES = ("numpy", "ai-edge-litert", "tensorflow-cpu", "tensorflow", "keras", "pillow")


@dataclass(frozen=True)
class Report:
    """Everything that a report says.

    Attributes
    ----------
    title : str
        What was evaluated.
    bundle : ModelBundle
        The model.
    pictures : ScoredPictures or None
        The pictures that it was tested with.
    described : str
        Which pictures these are, such as "test pictures".
    image_dir : Path
        The folder that paths of pictures are relative to.
    data : mapping of str to str or number
        The dataset: folder, hash, numbers of pictures.
    cross_validation : CrossValidation or None
    command : str
        The command that repeats it.
    notes : tuple of str
        What to keep in mind, in sentences.
    rejections : Rejections or None
        How many pictures were answered none of these.
    """

    title: str
    bundle: ModelBundle
    pictures: ScoredPictures | None
    described: str
    image_dir: Path
    data: Mapping[str, Any]
    cross_validation: CrossValidation | None = None
    command: str = ""
    notes: tuple[str, ...] = ()
    rejections: Rejections | None = None
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def to_record(self) -> dict[str, Any]:
        """Return the report as JSON has it; figures that cannot be computed are null."""
        validated, bundle = self.cross_validation, self.bundle
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "title": self.title,
            "created": self.created,
            "model": {
                "name": bundle.name,
                "created": bundle.created,
                "labels": list(bundle.labels),
                "network": bundle.backbone.name,
                "weights_sha256": bundle.backbone.weights_sha256,
                "temperature": bundle.head.temperature,
                "unsure_below": bundle.unsure_below,
                "dataset": {
                    name: value for name, value in bundle.dataset.items() if name != "learned"
                },
            },
            "data": dict(self.data),
            "settings": dict(bundle.settings),
            "command": self.command,
            "versions": list_versions(),
            "cross_validation": None
            if validated is None
            else summarise_cross_validation(validated, bundle.unsure_below),
            "pictures": self.described,
            "test": None
            if self.pictures is None
            else summarise_pictures(self.pictures, bundle.unsure_below),
            "none_of_these": None
            if self.rejections is None
            else {**self.rejections.to_record(), "sentence": describe_rejections(self.rejections)},
            "notes": list(self.notes),
            "cite": CITATION,
        }


def list_versions() -> dict[str, str]:
    """Return the versions of this program, Python, and the packages that compute the figures."""
    found = {"cluster-lab": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def report_folder_test(bundle: ModelBundle, test: FolderTest, command: str) -> Report:
    """Return the report of a test on a folder.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    test : FolderTest
    command : str
        The command that repeats it.
    """
    index = test.index
    counts = {f"pictures of {label}": count for label, count in index.counts.items()}
    return Report(
        f"{bundle.name} on {index.image_dir.name}",
        bundle,
        test.pictures,
        f"pictures of {index.image_dir.name}",
        index.image_dir,
        {"folder": index.image_dir.name, "SHA-256 of the data": index.sha256, **counts},
        command=command,
        notes=list_warnings(test),
        rejections=test.rejections,
    )
