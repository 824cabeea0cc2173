"""A picture of the room with the answer that a model gave to it."""

from __future__ import annotations

from dataclasses import dataclass

from cluster_core.answers.records import KeptAnswer, KeptPicture
from cluster_core.answers.room import AnswerRoom
from cluster_core.model.bundle.summaries import ModelSummary


@dataclass(frozen=True)
class Answered:
    """A picture of the room and the answer to it.

    Attributes
    ----------
    picture : KeptPicture
    answer : KeptAnswer
    """

    picture: KeptPicture
    answer: KeptAnswer


def find_answered(model: ModelSummary, room: AnswerRoom, number: int) -> Answered | None:
    """Return a picture with the answer of a model, or None if it has none."""
    answer = room.find_answer(number, model.manifest_sha256, model.labels)
    picture = room.pictures.get(number)
    return Answered(picture, answer) if picture and answer else None
