"""Choose and order answers of a table, by their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from cluster_core.answers.answer_index import AnswerColumns
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.pictures import natural_order
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.sky_names.words import contradicts


class Reviewed(StrEnum):
    """Which answers are chosen by what a person, or the catalogue, said."""

    ALL = "all"
    OPEN = "open"
    DONE = "done"
    CORRECTED = "corrected"
    UNKNOWN = "unknown"
    CONTRADICTED = "contradicted"


class Order(StrEnum):
    """The orders of a table."""

    GIVEN = "given"
    SURE = "sure"
    UNSURE = "unsure"
    NOVEL = "novel"
    CLASS = "class"
    NAME = "name"


@dataclass(frozen=True)
class Selection:
    """Which answers are shown, and in which order.

    Attributes
    ----------
    verdicts : sequence of str
        Classes and verdicts; all if empty. An unsure answer also counts as its class.
    lowest, highest : float
        Of the score, 0 to 1.
    reviewed : Reviewed
    order : Order
    """

    verdicts: Sequence[str] = ()
    lowest: float = 0.0
    highest: float = 1.0
    reviewed: Reviewed = Reviewed.ALL
    order: Order = Order.GIVEN


def select_answers(columns: AnswerColumns, room: AnswerRoom, selection: Selection) -> list[int]:
    """Return the numbers of the pictures whose answers are chosen, in order."""
    chosen = (columns.score >= selection.lowest) & (columns.score <= selection.highest)
    if selection.verdicts:
        chosen &= _match_verdicts(columns, selection.verdicts)
    if selection.reviewed is not Reviewed.ALL:
        chosen &= _match_reviews(columns, room, selection.reviewed)
    rows = np.flatnonzero(chosen)
    if selection.order is not Order.GIVEN:
        rows = rows[_rank(columns, room, rows, selection.order)]
    return columns.numbers[rows].tolist()


def _match_verdicts(columns: AnswerColumns, verdicts: Sequence[str]) -> np.ndarray:
    wanted = [position for position, label in enumerate(columns.labels) if label in verdicts]
    matches = np.isin(columns.best, wanted) & ~columns.is_none
    if Verdict.UNSURE in verdicts:
        matches |= columns.is_unsure
    if Verdict.NONE_OF_THESE in verdicts:
        matches |= columns.is_none
    return matches


def _match_reviews(columns: AnswerColumns, room: AnswerRoom, wanted: Reviewed) -> np.ndarray:
    reviews = room.reviews
    if wanted in (Reviewed.OPEN, Reviewed.DONE):
        is_done = np.isin(columns.numbers, list(reviews))
        return is_done if wanted is Reviewed.DONE else ~is_done
    if wanted is Reviewed.CONTRADICTED:
        return _find_contradicted(columns, room)
    if wanted is Reviewed.UNKNOWN:
        numbers = [number for number, review in reviews.items() if review.label is None]
    else:
        classes = columns.list_classes()
        numbers = [
            number
            for number, review in reviews.items()
            if review.label is not None and review.label != classes.get(number)
        ]
    return np.isin(columns.numbers, numbers)


def _find_contradicted(columns: AnswerColumns, room: AnswerRoom) -> np.ndarray:
    """Return where the catalogue says otherwise than the model: bool, (n_answers,)."""
    found = np.zeros(len(columns), bool)
    for row, number in enumerate(columns.numbers.tolist()):
        known = room.objects.get(number)
        if known is not None and known.kind:
            found[row] = contradicts(
                columns.labels[columns.best[row]], columns.get_verdict(row), known.kind
            )
    return found


def _rank(columns: AnswerColumns, room: AnswerRoom, rows: np.ndarray, order: Order) -> np.ndarray:
    """Return the positions of the rows in the order of a table; equal ones stay as they are."""
    falling = -columns.score[rows]
    match order:
        case Order.SURE:
            return np.argsort(falling, kind="stable")
        case Order.UNSURE:
            return np.argsort(-falling, kind="stable")
        case Order.NOVEL:
            return np.argsort(-np.nan_to_num(columns.novelty[rows]), kind="stable")
        case Order.CLASS:
            alphabetic = np.argsort(np.argsort(np.array(columns.labels)))
            return np.lexsort((falling, alphabetic[columns.best[rows]]))
    names = [natural_order(room.pictures[int(n)].name) for n in columns.numbers[rows]]
    return np.array(sorted(range(len(rows)), key=lambda row: (names[row], falling[row])), int)
