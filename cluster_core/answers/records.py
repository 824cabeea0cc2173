"""What a room records: pictures, answers and reviews, read from lines that may be damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_core.data.labels import find_label_problem
from cluster_core.model.prediction.predictor import Prediction
from cluster_core.storage.saved_values import (
    check_count,
    check_number,
    check_shown_text,
    check_text,
)


@dataclass(frozen=True)
class KeptPicture:
    """A picture in a room.

    Attributes
    ----------
    number : int
        Its number in the room, from 1.
    name : str
        File name on the visitor's computer.
    n_bytes : int
        Size of the file.
    sha256 : str
        Hexadecimal hash of the file.
    """

    number: int
    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class KeptAnswer:
    """What a model said about a picture.

    Attributes
    ----------
    prediction : Prediction or None
        None if the picture could not be used.
    problem : str or None
        Why there is no prediction, in a sentence; None if there is one.
    cards : mapping of str to str
        The `OBSERVATION_CARDS` that a FITS file has.
    """

    prediction: Prediction | None
    problem: str | None
    cards: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Review:
    """What a person said about a picture.

    Attributes
    ----------
    label : str or None
        Its class; None for "don't know".
    """

    label: str | None


def check_picture(entry: Mapping[str, Any]) -> KeptPicture:
    """Return the picture of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    return KeptPicture(
        check_count(entry["picture"]),
        check_shown_text(entry["name"]),
        check_count(entry["n_bytes"]),
        check_text(entry["sha256"]),
    )


def check_review(entry: Mapping[str, Any]) -> Review:
    """Return the review of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    if entry["label"] is None:
        return Review(None)
    label = check_shown_text(entry["label"])
    if find_label_problem(label):
        raise ValueError("a label was expected")
    return Review(label)


def check_answer(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked values of an answer; raise one of `MALFORMED_ERRORS` if damaged."""
    cards = {
        check_shown_text(card): check_shown_text(text) for card, text in entry["cards"].items()
    }
    if "scores" not in entry:
        return {"problem": check_shown_text(entry["problem"]), "cards": cards}
    return {
        "scores": [check_number(score) for score in entry["scores"]],
        "seconds": check_number(entry["seconds"]),
        "warning": check_shown_text(entry.get("warning", "")),
        "cards": cards,
    }
