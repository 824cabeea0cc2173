"""Which pictures of a dataset a model learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.data.splits import BY_FILE_NAME, split_dataset
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.storage.saved_values import MALFORMED_ERRORS


@dataclass(frozen=True)
class TrainingPictures:
    """Pictures to look for similar ones among.

    Attributes
    ----------
    pictures : tuple of Picture
        Of the model's classes.
    is_exact : bool
        Whether these are the pictures that the model learned from. Otherwise the dataset has
        changed since, and these are all that it has now.
    """

    pictures: tuple[Picture, ...]
    is_exact: bool


def find_training_pictures(bundle: ModelBundle, index: DatasetIndex) -> TrainingPictures:
    """Return the pictures of a dataset that a model learned from, as far as that is known.

    Parameters
    ----------
    bundle : ModelBundle
        The model. Its settings may contain anything.
    index : DatasetIndex
        The dataset that it names, as it is now.
    """
    if index.sha256 == bundle.dataset.get("sha256"):
        try:
            return TrainingPictures(_split(index, bundle.settings), is_exact=True)
        except (ClusterError, *MALFORMED_ERRORS):
            pass  # settings of an imported model
    known = tuple(picture for picture in index.pictures if picture.label in bundle.labels)
    return TrainingPictures(known, is_exact=False)


def _split(index: DatasetIndex, settings: Mapping[str, Any]) -> tuple[Picture, ...]:
    return split_dataset(
        index,
        testing_percentage=float(settings["testing_percentage"]),
        validation_percentage=float(settings["validation_percentage"]),
        version=settings.get("split_version", BY_FILE_NAME),
    ).training
