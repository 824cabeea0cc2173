"""One room: pictures as files, and a log of what was added, answered and reviewed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster_core.answers.answer_index import AnswerColumns, make_entry
from cluster_core.answers.log import AnswerLog
from cluster_core.answers.picture_files import (
    delete_files,
    name_picture,
    name_thumbnail,
    write_picture,
    write_thumbnail,
)
from cluster_core.answers.records import KeptAnswer, KeptObject, KeptPicture, Review
from cluster_core.answers.room_contents import RoomContents
from cluster_core.data.labels import find_label_problem, shorten
from cluster_core.errors import DatasetError, ImageError, ImageProblem
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.storage.saved_values import MALFORMED_ERRORS, make_printable

_MAX_NAME_LENGTH = 300


class AnswerRoom:
    """The pictures of a visitor, the answers to them, and their reviews.

    Parameters
    ----------
    folder : Path
        An existing folder, named by the room's id.
    max_pictures, max_bytes : int
        The most that it takes.
    """

    def __init__(self, folder: Path, max_pictures: int, max_bytes: int) -> None:
        self._folder, self._log = folder, AnswerLog(folder)
        self._max_pictures, self._max_bytes = max_pictures, max_bytes
        self._contents = RoomContents()
        self.refresh()

    @property
    def id(self) -> str:
        """The name that finds the room again."""
        return self._folder.name

    @property
    def folder(self) -> Path:
        """Where everything is kept."""
        return self._folder

    @property
    def pictures(self) -> Mapping[int, KeptPicture]:
        """The pictures by number."""
        return self._contents.pictures

    @property
    def reviews(self) -> Mapping[int, Review]:
        """The reviews by number of the picture."""
        return self._contents.reviews

    @property
    def objects(self) -> Mapping[int, KeptObject]:
        """What pictures show, by number, of those that were asked."""
        return self._contents.objects

    @property
    def sources(self) -> Mapping[str, AnswerSource]:
        """The models that answered, by the hashes of their manifests."""
        return self._contents.sources

    @property
    def last_model(self) -> str | None:
        """The model that answered last, by the hash of its manifest; None without pictures."""
        return self._contents.answers.last_model if self.pictures else None

    @property
    def n_bytes_left(self) -> int:
        """How many more bytes of pictures it takes."""
        return max(0, self._max_bytes - self._contents.n_bytes)

    @property
    def is_full(self) -> bool:
        """Whether it takes no more pictures."""
        return len(self.pictures) >= self._max_pictures or not self.n_bytes_left

    def refresh(self) -> None:
        """Read what was appended to the log since, by this or another tab."""
        for entry in self._log.read_new():
            with suppress(*MALFORMED_ERRORS):  # a damaged line is skipped
                self._contents.take(entry)

    def exists(self) -> bool:
        """Return whether the room has not been cleared or swept."""
        return self._log.exists()

    def add_picture(self, name: str, data: bytes) -> KeptPicture | None:
        """Keep a picture; return None if it is there already, with the same name.

        Parameters
        ----------
        name : str
            File name on the visitor's computer; it is never used as a path.
        data : bytes
            Content of the file; it need not be a picture.

        Raises
        ------
        ImageError
            With reason TOO_LARGE: the room is full.
        DatasetError
            The file cannot be written.
        """
        shown = make_printable(name)[:_MAX_NAME_LENGTH]
        sha256 = hashlib.sha256(data).hexdigest()
        self.refresh()
        if (sha256, shown) in self._contents.names:
            return None
        self._require_space(shown, self._contents.n_bytes + len(data))
        number = write_picture(self._folder, self._contents.last_number + 1, shown, data)
        entry = {"picture": number, "name": shown, "n_bytes": len(data), "sha256": sha256}
        self._append(entry)
        return self.pictures.get(number)

    def read_picture(self, number: int) -> bytes:
        """Return the content of a picture's file.

        Raises
        ------
        ImageError
            It is no longer kept.
        """
        try:
            return self.find_file(number).read_bytes()
        except OSError as error:
            name = self.pictures[number].name if number in self.pictures else "The picture"
            raise ImageError(
                f"{name} is no longer kept: add it again.",
                path=name,
                reason=ImageProblem.UNREADABLE,
            ) from error

    def find_file(self, number: int) -> Path:
        """Return the path of a picture's file, which may have been removed."""
        return name_picture(self._folder, number)

    def find_thumbnail(self, number: int) -> Path:
        """Return the path of a picture's thumbnail, a JPEG, which may not exist."""
        return name_thumbnail(self._folder, number)

    def keep_source(
        self, model: str, source: AnswerSource, *, renamed_from: str | None = None
    ) -> None:
        """Note which model answers from now on, so that its answers outlive it.

        Parameters
        ----------
        model : str
            Hash of the model's manifest.
        source : AnswerSource
            What a table says of it.
        renamed_from : str, optional
            Hash of the manifest of the same model under an earlier name, whose answers it takes.

        Raises
        ------
        DatasetError
            It cannot be written.
        """
        noted: dict[str, Any] = {
            "id": source.id,
            "title": source.title,
            "labels": list(source.labels),
        }
        noted |= {"unsure_below": source.unsure_below, "content": source.fingerprint}
        if renamed_from is not None:
            noted["renamed_from"] = renamed_from
        self._append({"model": model, **noted})

    def keep_answer(
        self, number: int, model: str, answer: KeptAnswer, labels: Sequence[str], thumbnail: bytes
    ) -> None:
        """Keep the answer of a model.

        Parameters
        ----------
        number : int
            The picture's number.
        model : str
            Hash of the model's manifest.
        answer : KeptAnswer
            What it said.
        labels : sequence of str
            The model's classes, in their order.
        thumbnail : bytes
            A small JPEG; empty if the picture could not be used.

        Raises
        ------
        DatasetError
            It cannot be written.
        """
        if thumbnail:
            write_thumbnail(self._folder, number, thumbnail)
        self._append(make_entry(number, model, answer, labels))

    def keep_object(self, number: int, known: KeptObject) -> None:
        """Keep which object a picture shows, or that it is not known.

        Raises
        ------
        DatasetError
            It cannot be written.
        """
        self._append({"object": number, "name": known.name, "kind": known.kind})

    def find_answer(self, number: int, model: str, labels: Sequence[str]) -> KeptAnswer | None:
        """Return the answer of a model with these classes, or None if it has not answered."""
        return self._contents.answers.find(number, model, labels)

    def list_unanswered(self, model: str, labels: Sequence[str]) -> list[int]:
        """Return the pictures that a model with these classes has not answered."""
        return self._contents.answers.list_unanswered(self.pictures, model, labels)

    def tabulate(self, model: str, labels: Sequence[str]) -> AnswerColumns:
        """Return the answers of a model with these classes as columns."""
        return self._contents.answers.tabulate(self.pictures, model, labels)

    def review(self, numbers: Iterable[int], review: Review | None) -> None:
        """Record what a person says about pictures; None takes an earlier review back.

        Raises
        ------
        DatasetError
            The label is not one line of text, or it cannot be written.
        """
        known = [number for number in numbers if number in self.pictures]
        if review is None:
            self._append({"unreviewed": known})
            return
        if review.label is not None and (problem := find_label_problem(review.label)):
            raise DatasetError(
                f"A class cannot be called {shorten(review.label)}, because this name contains "
                f"{problem}: choose a name such as open clusters.",
                path=self._folder,
            )
        self._append({"reviewed": known, "label": review.label})

    def remove(self, numbers: Iterable[int]) -> None:
        """Forget pictures and delete their files.

        Raises
        ------
        DatasetError
            It cannot be written.
        """
        known = [number for number in numbers if number in self.pictures]
        self._append({"removed": known})
        for number in known:
            delete_files(self._folder, number)

    def clear(self) -> None:
        """Delete the room with all pictures and answers."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._contents.clear()

    def _require_space(self, name: str, n_bytes: int) -> None:
        """Raise ImageError if one more picture, then `n_bytes` in all, would be too much."""
        if len(self.pictures) >= self._max_pictures:
            limit = f"{self._max_pictures:,} pictures"
        elif n_bytes > self._max_bytes:
            limit = f"{self._max_bytes // 1_000_000:,} MB of pictures"
        else:
            return
        raise ImageError(
            f"{name} was left out, because at most {limit} are kept here: clear some, or run "
            "python -m cluster_core classify FOLDER in a terminal.",
            path=name,
            reason=ImageProblem.TOO_LARGE,
        )

    def _append(self, entry: Mapping[str, Any]) -> None:
        self._log.append(entry)
        self.refresh()
