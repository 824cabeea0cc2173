"""What a room records: pictures, answers and reviews, read from lines that may be damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.data.labels import find_label_problem
from cluster_core.model.prediction.prediction import Limits, Prediction, Verdict
from cluster_core.model.prediction.source import AnswerSource
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
class KeptObject:
    """The object that a picture shows, by the catalogue.

    Attributes
    ----------
    name : str
        Such as `M 13`; empty if it is not known.
    kind : str
        Such as `globular cluster`; empty if it is not known.
    """

    name: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Review:
    """What a person said about a picture.

    Attributes
    ----------
    label : str or None
        Its class, `COUNTER_CLASS` for none of the classes; None for "don't know".
    """

    label: str | None


def get_answered_class(prediction: Prediction) -> str:
    """Return the class that an answer stands for: its label, or `COUNTER_CLASS`."""
    is_none = prediction.verdict is Verdict.NONE_OF_THESE
    return COUNTER_CLASS if is_none else prediction.label


def check_picture(entry: Mapping[str, Any]) -> KeptPicture:
    """Return the picture of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    return KeptPicture(
        check_count(entry["picture"]),
        check_shown_text(entry["name"]),
        check_count(entry["n_bytes"]),
        check_text(entry["sha256"]),
    )


def check_object(entry: Mapping[str, Any]) -> KeptObject:
    """Return the object of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    return KeptObject(check_shown_text(entry["name"]), check_shown_text(entry["kind"]))


def check_review(entry: Mapping[str, Any]) -> Review:
    """Return the review of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    if entry["label"] is None:
        return Review(None)
    label = check_shown_text(entry["label"])
    if find_label_problem(label):
        raise ValueError("a label was expected")
    return Review(label)


def check_source(entry: Mapping[str, Any]) -> AnswerSource:
    """Return the model of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
    labels = tuple(check_shown_text(label) for label in entry["labels"])
    if not labels:
        raise ValueError("classes were expected")
    return AnswerSource(
        labels,
        check_shown_text(entry["id"]),
        check_shown_text(entry["title"]),
        check_number(entry["unsure_below"]),
        check_text(entry.get("content", "")),  # of an earlier version
    )


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
        "novelty": _check_share(entry.get("novelty")),
        "limits": _check_limits(entry.get("limits")),
        "cards": cards,
    }


def _check_limits(values: object) -> Limits:
    match values:
        case None:  # an answer of version 0.1
            return Limits()
        case [int() | float() as unsure_below, novel_above]:
            return Limits(check_number(unsure_below), _check_share(novel_above))
    raise ValueError("two limits were expected")


def _check_share(value: object) -> float | None:
    return None if value is None else min(max(check_number(value), 0.0), 1.0)
