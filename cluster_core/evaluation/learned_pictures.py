"""Record which pictures a model learned from, and find them in another folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.selection import STARTER_ID

_KEY = "learned"
# With 48 bits, two of a million pictures share a digest in one of 500 datasets.
DIGITS = 12
# A longer list would make the manifest slow to read.
MAX_PICTURES = 20_000


def record_learned(bundle: ModelBundle, pictures: Sequence[Picture]) -> ModelBundle:
    """Return the model with the digests of the pictures that it learned from.

    Parameters
    ----------
    bundle : ModelBundle
    pictures : sequence of Picture
        Training and validation pictures. More than `MAX_PICTURES` are not recorded.
    """
    if len(pictures) > MAX_PICTURES:
        return bundle
    digests = "".join(sorted(picture.sha256[:DIGITS] for picture in pictures))
    return replace(bundle, dataset={**bundle.dataset, _KEY: digests})


def count_learned(bundle: ModelBundle, index: DatasetIndex) -> int | None:
    """Count the pictures of a folder that a model learned from.

    Parameters
    ----------
    bundle : ModelBundle
    index : DatasetIndex
        The folder.

    Returns
    -------
    int or None
        By content: a renamed file counts, an edited one does not. None if the model has no
        record of its pictures; the whole folder counts if it is the one of the training.
    """
    if bundle.name == STARTER_ID:  # it learned from simulated pictures only
        return 0
    digests = bundle.dataset.get(_KEY)
    if isinstance(digests, str):
        learned = {digests[at : at + DIGITS] for at in range(0, len(digests), DIGITS)}
        return sum(picture.sha256[:DIGITS] in learned for picture in index.pictures)
    return len(index.pictures) if bundle.dataset.get("sha256") == index.sha256 else None
