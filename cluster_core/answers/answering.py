"""Label pictures of a room and keep the answers, with a thumbnail of each."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from cluster_core.answers.records import KeptAnswer
from cluster_core.answers.room import AnswerRoom
from cluster_core.errors import ImageError
from cluster_core.images import is_fits, read_observation
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import (
    PredictionDetails,
    predict_with_details,
    shrink_to_show,
)
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.storage.mapping import map_images

_THUMBNAIL_SIDE_PX, _QUALITY = 96, 90


@dataclass(frozen=True)
class Answerer:
    """A model that labels pictures of rooms.

    Attributes
    ----------
    model : ModelSummary
    predictor : Predictor
        The same model, loaded.
    """

    model: ModelSummary
    predictor: Predictor

    def list_waiting(self, room: AnswerRoom) -> list[int]:
        """Return the pictures of a room that the model has not answered."""
        return room.list_unanswered(self.model.manifest_sha256, self.model.labels)


def follow_renamed(room: AnswerRoom, models: Iterable[ModelSummary]) -> None:
    """Let the model that answered last keep its answers if only its name has changed since.

    Parameters
    ----------
    room : AnswerRoom
    models : iterable of ModelSummary
        Those that may answer.

    Raises
    ------
    DatasetError
        It cannot be written.
    """
    known = {one.manifest_sha256: AnswerSource.of(one) for one in models if one.problem is None}
    last = room.sources.get(room.last_model or "")
    if last is None or not last.fingerprint or room.last_model in known:
        return
    for sha256, source in known.items():
        if replace(source, id=last.id, title=last.title) == last:
            room.keep_source(sha256, source, renamed_from=room.last_model)
            return


@dataclass(frozen=True)
class Labelled:
    """A picture of a room with its new answer.

    Attributes
    ----------
    number : int
        The picture's number.
    answer : KeptAnswer
    thumbnail : bytes
        A small JPEG; empty for an unreadable picture.
    details : PredictionDetails or None
        What a page shows of it; None for an unreadable picture.
    """

    number: int
    answer: KeptAnswer
    thumbnail: bytes
    details: PredictionDetails | None


def answer_pictures(
    room: AnswerRoom, answerer: Answerer, numbers: Iterable[int]
) -> Generator[Labelled, None, None]:
    """Label pictures concurrently, and keep each answer before it is yielded.

    Parameters
    ----------
    room : AnswerRoom
        Used by the calling thread only.
    answerer : Answerer
    numbers : iterable of int
        Of the pictures; consumed a little ahead of the answers.

    Yields
    ------
    Labelled
        In the order of the numbers; an unreadable picture has its problem as answer.

    Raises
    ------
    DatasetError
        An answer cannot be kept, for example because the room was cleared.
    """
    model = answerer.model

    def list_tasks() -> Generator[tuple[int, str, Callable[[], bytes]], None, None]:
        for number in numbers:
            if kept := room.pictures.get(number):
                yield number, kept.name, functools.partial(room.read_picture, number)

    def label(task: tuple[int, str, Callable[[], bytes]]) -> Labelled:
        return _label(answerer.predictor, *task)

    if model.manifest_sha256 not in room.sources:
        room.keep_source(model.manifest_sha256, AnswerSource.of(model))
    with closing(map_images(label, list_tasks())) as found:
        for one in found:
            room.keep_answer(
                one.number, model.manifest_sha256, one.answer, model.labels, one.thumbnail
            )
            yield one


def _label(predictor: Predictor, number: int, name: str, read: Callable[[], bytes]) -> Labelled:
    cards: dict[str, str] = {}
    try:
        data = read()
        if is_fits(data):
            cards = read_observation(data, name)
        details = predict_with_details(predictor, data, name)
    except ImageError as error:
        return Labelled(number, KeptAnswer(None, str(error), cards), b"", None)
    thumbnail = _encode(shrink_to_show(details.picture, _THUMBNAIL_SIDE_PX))
    return Labelled(number, KeptAnswer(details.prediction, None, cards), thumbnail, details)


def _encode(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()
