"""Index a dataset folder: the pictures of each class, and the files that cannot be used."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from cluster_core.data.class_folders import list_files, list_labels
from cluster_core.data.copies import EXACT_UP_TO
from cluster_core.data.counter_classes import list_counter_classes
from cluster_core.data.declared_groups import (
    find_declared_groups,
    load_same_objects,
    read_groups_file,
)
from cluster_core.data.known_copies import list_known_copies
from cluster_core.data.picture_files import Progress, read_pictures
from cluster_core.data.pictures import Picture, RejectedFile, natural_order
from cluster_core.data.sky_objects import find_sky_objects
from cluster_core.storage.cache_file import CacheFile


@dataclass(frozen=True)
class DatasetIndex:
    """The content of a dataset.

    Attributes
    ----------
    image_dir : Path
        The dataset folder.
    labels : tuple of str
        Names of the classes to tell apart, sorted, including those without pictures.
    pictures : tuple of Picture
        Readable pictures of these classes, sorted by class, then file name.
    rejected : tuple of RejectedFile
        Files of all classes that cannot be used, in the same order.
    notes : tuple of str
        What is odd about the dataset, as sentences for the user.
    counter_labels : tuple of str
        Names of the classes of counter-examples, sorted; see `list_counter_classes`.
    counter_pictures : tuple of Picture
        Readable pictures of these.
    """

    image_dir: Path
    labels: tuple[str, ...]
    pictures: tuple[Picture, ...]
    rejected: tuple[RejectedFile, ...]
    notes: tuple[str, ...] = ()
    counter_labels: tuple[str, ...] = ()
    counter_pictures: tuple[Picture, ...] = ()

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Number of pictures of each class to tell apart, including zeros."""
        return _count(self.labels, self.pictures)

    @cached_property
    def all_counts(self) -> Mapping[str, int]:
        """Number of pictures of each class: those to tell apart first, then counter-examples."""
        return {**self.counts, **_count(self.counter_labels, self.counter_pictures)}

    @cached_property
    def all_pictures(self) -> tuple[Picture, ...]:
        """The pictures of the classes to tell apart, then the counter-examples."""
        return self.pictures + self.counter_pictures

    @cached_property
    def by_class(self) -> Mapping[str, tuple[Picture, ...]]:
        """The pictures of each class that has any, with numbers in names ordered by value."""
        found: dict[str, list[Picture]] = {}
        for picture in sorted(self.all_pictures, key=lambda one: natural_order(one.path.name)):
            found.setdefault(picture.label, []).append(picture)
        return {label: tuple(pictures) for label, pictures in found.items()}

    @cached_property
    def incomplete(self) -> tuple[Picture, ...]:
        """The pictures that are used although a part is missing."""
        return tuple(picture for picture in self.all_pictures if picture.loss)

    @cached_property
    def sha256(self) -> str:
        """Hash of all labels, pictures and groups; equal hashes lead to the same training.

        What headers say is part of the pictures.
        """
        lines = ["\0".join((one.label, one.sha256, *one.groups)) + "\n" for one in self.pictures]
        lines += [f"\0{picture.label}\0{picture.sha256}\n" for picture in self.counter_pictures]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def without_fingerprints(self) -> DatasetIndex:
        """Return it with no fingerprints where the copies are known, to save 1 KB a picture.

        Splits of earlier versions need them: they search for copies in another way.
        """
        sides = (self.pictures, self.counter_pictures)
        if any(picture.copies is None for side in sides for picture in side):
            return self
        spared = [tuple(replace(one, fingerprint=b"") for one in side) for side in sides]
        return replace(self, pictures=spared[0], counter_pictures=spared[1])


def _count(labels: tuple[str, ...], pictures: tuple[Picture, ...]) -> dict[str, int]:
    counted = Counter(picture.label for picture in pictures)
    return {label: counted[label] for label in labels}


def scan_dataset(
    image_dir: Path,
    cache: CacheFile,
    on_progress: Progress | None = None,
    on_comparing: Progress | None = None,
) -> DatasetIndex:
    """Index the pictures of a dataset, decoding only those that are not in the cache.

    The copies among more than 4,096 pictures are searched for here, and kept in the cache.

    Parameters
    ----------
    image_dir : Path
        Folder with one sub-folder per class, whose name is the label.
    cache : CacheFile
        Where facts about pictures are kept, by content.
    on_progress : callable, optional
        Called with (files done, files in total) after each file. It may raise to stop
        the scan; facts computed so far stay in the cache.
    on_comparing : callable, optional
        Called with (steps done, steps in total) of the search for copies. It may raise to stop.
        Without it, `on_progress` is called as after the last file.

    Returns
    -------
    DatasetIndex
        Files that cannot be read are listed in `rejected`.

    Raises
    ------
    DatasetError
        The folder does not exist or cannot be opened, the name of a class is
        not one line of text, or `groups.csv` is not valid.
    RunError
        The cache cannot be used.
    """
    group_lines = read_groups_file(image_dir)
    labels = list_labels(image_dir)
    files = [(label, path) for label in labels for path in list_files(image_dir / label)]
    report = on_progress or (lambda done, total: None)
    pictures: list[Picture] = []
    rejected: list[RejectedFile] = []
    for entry in read_pictures(files, cache, report):
        if isinstance(entry, Picture):
            pictures.append(entry)
        else:
            rejected.append(entry)
    groups, note = find_declared_groups(
        group_lines,
        load_same_objects(image_dir),
        [(picture.label, picture.path.name, picture.sha256) for picture in pictures],
    )
    shown = find_sky_objects([(picture.path, picture.sha256) for picture in pictures], cache)
    pictures = [
        replace(one, groups=its, sky_object=sky_object) if its or sky_object else one
        for one, its, sky_object in zip(pictures, groups, shown, strict=True)
    ]
    if len(pictures) > EXACT_UP_TO:
        heartbeat = on_comparing or (lambda done, total: report(len(files), len(files)))
        pictures = _mark_copies(pictures, cache, heartbeat)
    counter = list_counter_classes(image_dir, labels)
    return DatasetIndex(
        image_dir,
        tuple(label for label in labels if label not in counter),
        tuple(picture for picture in pictures if picture.label not in counter),
        tuple(rejected),
        (note,) if note else (),
        counter,
        tuple(picture for picture in pictures if picture.label in counter),
    )


def _mark_copies(
    pictures: Sequence[Picture], cache: CacheFile, on_progress: Progress
) -> list[Picture]:
    contents = [(picture.sha256, picture.fingerprint) for picture in pictures]
    copies = list_known_copies(contents, cache, on_progress)
    return [replace(one, copies=its) for one, its in zip(pictures, copies, strict=True)]
