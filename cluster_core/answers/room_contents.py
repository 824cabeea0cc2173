"""What the lines of a room's log add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cluster_core.answers.answer_index import AnswerIndex
from cluster_core.answers.records import (
    KeptObject,
    KeptPicture,
    Review,
    check_object,
    check_picture,
    check_review,
    check_source,
)
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.storage.saved_values import check_count, check_text


class RoomContents:
    """The pictures of a room, the answers to them, their reviews, and what they show.

    Attributes
    ----------
    pictures, reviews, objects : dict
        By the number of a picture.
    answers : AnswerIndex
    sources : dict
        The models that answered, by the hashes of their manifests.
    names : set of (str, str)
        Hash and name of each picture.
    n_bytes : int
        Size of all pictures.
    last_number : int
        The greatest number that a picture has had.
    """

    def __init__(self) -> None:
        self.pictures: dict[int, KeptPicture] = {}
        self.reviews: dict[int, Review] = {}
        self.objects: dict[int, KeptObject] = {}
        self.answers = AnswerIndex()
        self.sources: dict[str, AnswerSource] = {}
        self.names: set[tuple[str, str]] = set()
        self.n_bytes = self.last_number = 0

    def take(self, entry: dict[str, Any]) -> None:
        """Apply a line of the log.

        Raises
        ------
        One of `MALFORMED_ERRORS`
            It is damaged.
        """
        match entry:
            case {"picture": _}:
                self._take_picture(check_picture(entry))
            case {"object": number}:
                self.objects[check_count(number)] = check_object(entry)
            case {"answer": _}:
                self.answers.take(entry)
            case {"model": sha256, "labels": _}:
                self.sources[check_text(sha256)] = check_source(entry)
                if "renamed_from" in entry:
                    self.answers.rename(check_text(entry["renamed_from"]), sha256)
            case {"reviewed": numbers}:
                self.reviews.update(dict.fromkeys(map(check_count, numbers), check_review(entry)))
            case {"unreviewed": numbers}:
                for number in map(check_count, numbers):
                    self.reviews.pop(number, None)
            case {"removed": numbers}:
                self._forget(list(map(check_count, numbers)))

    def clear(self) -> None:
        """Forget everything but the last number."""
        self._forget(list(self.pictures))

    def _take_picture(self, picture: KeptPicture) -> None:
        self.pictures[picture.number] = picture
        self.names.add((picture.sha256, picture.name))
        self.n_bytes += picture.n_bytes
        self.last_number = max(self.last_number, picture.number)

    def _forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.reviews.pop(number, None)
            self.objects.pop(number, None)
            if picture := self.pictures.pop(number, None):
                self.names.discard((picture.sha256, picture.name))
                self.n_bytes -= picture.n_bytes
        self.answers.forget(numbers)
