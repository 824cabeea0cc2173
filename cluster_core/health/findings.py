"""What a check can find in a dataset, as data and as sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.data.index import Picture, RejectedFile

MAX_NAMES = 4


class FindingKind(StrEnum):
    """Kinds of findings, the most harmful first."""

    COPIES_ACROSS = "copies_across_classes"
    INSEPARABLE = "inseparable_classes"
    WRONG_LABEL = "wrong_label"
    SHORTCUT = "shortcut"
    COPIES = "copies"
    SERIES = "series"
    UNUSABLE = "unusable_file"
    NOTHING = "nothing_to_see"
    OUTLIER = "outlier"
    BLURRED = "blurred"
    TINY = "tiny"
    IMBALANCE = "imbalance"


@dataclass(frozen=True)
class Finding:
    """Something about a dataset that a person should look at.

    Attributes
    ----------
    kind : FindingKind
    pictures : tuple of Picture
        The pictures concerned; examples if it concerns whole classes.
    sentence : str
        What was found, for the user.
    measure : float
        How strong it is; its meaning depends on the kind, see the function that finds it.
    suggested : str or None
        The class that the picture may belong to.
    file : RejectedFile or None
        The file that is not a picture, or cannot be read.
    subject : str
        What it is about, if it is about classes or the whole dataset; then the pictures are
        examples. Else empty.
    """

    kind: FindingKind
    pictures: tuple[Picture, ...]
    sentence: str
    measure: float
    suggested: str | None = None
    file: RejectedFile | None = None
    subject: str = ""

    @property
    def key(self) -> str:
        """What identifies the finding in records, whatever its figures.

        That is its subject; without one, the pictures with their classes; or the file, with its
        class and what is wrong with it.
        """
        if self.file is not None:
            parts = [f"{self.file.label}\0{self.file.reason}", self.file.path.name]
        elif self.subject:
            parts = [self.subject]
        else:
            parts = sorted(f"{picture.label}\0{picture.sha256}" for picture in self.pictures)
        text = "\n".join([self.kind, *parts])
        return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()

    @property
    def names(self) -> list[str]:
        """The pictures or the file concerned, as class/file."""
        concerned: list[Picture | RejectedFile] = [*self.pictures]
        if self.file is not None:
            concerned.append(self.file)
        return [f"{one.label}/{one.path.name}" for one in concerned]


def name_pictures(pictures: Sequence[Picture]) -> str:
    """Return the file names of pictures as "a.jpg, b.jpg and c.jpg", a few if there are many."""
    names = [picture.path.name for picture in pictures[:MAX_NAMES]]
    if len(pictures) > MAX_NAMES:
        names = [*names[:-1], f"{len(pictures) - MAX_NAMES + 1:,} others"]
    return join_words(names)


def join_words(words: Sequence[str]) -> str:
    """Return words as "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
