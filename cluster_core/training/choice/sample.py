"""Draw the pictures that the networks are tried on."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.index import Picture

# With 120 pictures of two classes, the trial of the shipped networks takes two seconds.
MAX_PER_CLASS = 60
MAX_PICTURES = 180
# With more classes, a random selection of them is tried.
MAX_CLASSES = 36
# Of a class with a single group of pictures, nothing is left to learn from while it is tested.
MIN_GROUPS_PER_CLASS = 2
MIN_GROUPS = 10


@dataclass(frozen=True)
class Sample:
    """The pictures of a trial.

    Attributes
    ----------
    pictures : tuple of Picture
        The n pictures, of at least two classes.
    classes : ndarray of int, (n,)
        Index of each picture's class, from 0 on.
    groups : ndarray of int, (n,)
        Pictures with the same number are copies or show the same object.
    """

    pictures: tuple[Picture, ...]
    classes: np.ndarray
    groups: np.ndarray

    @property
    def sha256(self) -> str:
        """Hash of the pictures, their classes and groups: equal hashes lead to the same trial."""
        digest = hashlib.sha256()
        for picture, group in zip(self.pictures, self.groups, strict=True):
            digest.update(f"{picture.label}\0{picture.sha256}\0{group}\n".encode())
        return digest.hexdigest()


def draw_sample(pictures: Sequence[Picture]) -> Sample | None:
    """Draw at most `MAX_PICTURES` pictures, about equally many of each class.

    The hashes of the files decide, which is as good as chance and keeps most of the sample when
    pictures are added.

    Parameters
    ----------
    pictures : sequence of Picture
        The pictures to choose from, without those of the final test.

    Returns
    -------
    Sample or None
        None if fewer than two classes have two pictures that are not copies, or if there are
        fewer than `MIN_GROUPS` such pictures in all.
    """
    by_class: dict[str, list[Picture]] = defaultdict(list)
    for picture in sorted(pictures, key=lambda picture: picture.sha256):
        by_class[picture.label].append(picture)
    labels = sorted(by_class, key=_hash_text)[:MAX_CLASSES]
    n_each = min(MAX_PER_CLASS, MAX_PICTURES // max(1, len(labels)))
    drawn = [picture for label in sorted(labels) for picture in by_class[label][:n_each]]
    groups = group_pictures(drawn, list_copies(drawn))
    groups_of: dict[str, set[int]] = defaultdict(set)
    for picture, group in zip(drawn, groups, strict=True):
        groups_of[picture.label].add(group)
    usable = [label for label in groups_of if len(groups_of[label]) >= MIN_GROUPS_PER_CLASS]
    rows = [number for number, picture in enumerate(drawn) if picture.label in usable]
    kept_groups = np.array([groups[number] for number in rows])
    if len(usable) < 2 or len(set(kept_groups.tolist())) < MIN_GROUPS:  # noqa: PLR2004
        return None
    kept = tuple(drawn[number] for number in rows)
    classes = np.array([usable.index(picture.label) for picture in kept])
    return Sample(kept, classes, kept_groups)


def _hash_text(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
