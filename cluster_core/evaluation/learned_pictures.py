"""Record which pictures a model learned from, and find them in another folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cluster_core.data.groups import group_pictures, list_copies
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
        Training and validation pictures, and counter-examples that the limit for none of these
        was set by. More than `MAX_PICTURES` are not recorded.
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
        The folder. Counter-examples count, too: the model may have been told of them.

    Returns
    -------
    int or None
        By content: a renamed file counts, an edited one does not. None if the model has no
        record of its pictures; the whole folder counts if it is the one of the training.
    """
    if bundle.name == STARTER_ID:  # it learned from simulated pictures only
        return 0
    learned = _load_digests(bundle)
    if learned is not None:
        return sum(picture.sha256[:DIGITS] in learned for picture in index.all_pictures)
    return len(index.all_pictures) if bundle.dataset.get("sha256") == index.sha256 else None


def divide_learned(
    bundle: ModelBundle, pictures: Sequence[Picture]
) -> tuple[list[Picture], list[Picture]]:
    """Divide pictures into those that a model learned from and the others.

    Copies of pictures that it learned from, and others of the same object, are no fair test: they
    count as learned from.

    Parameters
    ----------
    bundle : ModelBundle
        All pictures count as others if it has no record of its pictures.
    pictures : sequence of Picture
    """
    digests = _load_digests(bundle) or frozenset()
    is_learned = [picture.sha256[:DIGITS] in digests for picture in pictures]
    if any(is_learned):
        groups = group_pictures(pictures, list_copies(pictures))
        known = {group for group, learned in zip(groups, is_learned, strict=True) if learned}
        is_learned = [group in known for group in groups]
    sides: tuple[list[Picture], list[Picture]] = [], []
    for picture, learned in zip(pictures, is_learned, strict=True):
        sides[not learned].append(picture)
    return sides


def _load_digests(bundle: ModelBundle) -> frozenset[str] | None:
    digests = bundle.dataset.get(_KEY)
    if not isinstance(digests, str):
        return None
    return frozenset(digests[at : at + DIGITS] for at in range(0, len(digests), DIGITS))
