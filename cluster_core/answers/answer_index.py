"""The answers of a room in memory: by picture, and as columns for a table of thousands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np

from cluster_core.answers.records import KeptAnswer, check_answer
from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.storage.saved_values import check_count, check_text

_DIGITS = 7  # of a score


@dataclass(frozen=True)
class AnswerColumns:
    """The answers of one model, in the order in which the pictures were added.

    Attributes
    ----------
    labels : tuple of str
        The model's classes.
    numbers : ndarray of int64, (n_answers,)
        The pictures' numbers; a picture that could not be used is among `problems` instead.
    best : ndarray of int64, (n_answers,)
        Index of the class with the highest score.
    score : ndarray of float64, (n_answers,)
        Its score, 0 to 1.
    novelty : ndarray of float64, (n_answers,)
        0 to 1; NaN if it was not measured.
    is_none, is_unsure : ndarray of bool, (n_answers,)
        Whether the verdict is "none of these", or "unsure".
    problems : tuple of int
        Numbers of the pictures that could not be used.
    warned : tuple of int
        Numbers of the pictures of which a part is missing.
    """

    labels: tuple[str, ...]
    numbers: np.ndarray
    best: np.ndarray
    score: np.ndarray
    novelty: np.ndarray
    is_none: np.ndarray
    is_unsure: np.ndarray
    problems: tuple[int, ...]
    warned: tuple[int, ...]

    def __len__(self) -> int:
        """Return the number of answers, without the pictures that could not be used."""
        return len(self.numbers)

    def list_classes(self) -> dict[int, str]:
        """Return the class that each answer stands for, by number of the picture."""
        return {
            int(number): COUNTER_CLASS if is_none else self.labels[best]
            for number, best, is_none in zip(self.numbers, self.best, self.is_none, strict=True)
        }

    def get_verdict(self, row: int) -> Verdict:
        """Return what kind of answer a row holds."""
        if self.is_none[row]:
            return Verdict.NONE_OF_THESE
        return Verdict.UNSURE if self.is_unsure[row] else Verdict.LABEL

    def count_verdicts(self) -> tuple[dict[str, int], int, int]:
        """Return the number of answers per class, of unsure ones, and of "none of these"."""
        is_label = ~(self.is_none | self.is_unsure)
        counts = np.bincount(self.best[is_label], minlength=len(self.labels))
        named = {label: int(n) for label, n in zip(self.labels, counts, strict=True) if n}
        return named, int(self.is_unsure.sum()), int(self.is_none.sum())


class AnswerIndex:
    """The answers of all models to the pictures of a room, as their log records them.

    Attributes
    ----------
    last_model : str or None
        The model that answered last, by the hash of its manifest.
    """

    def __init__(self) -> None:
        self.last_model: str | None = None
        self._entries: dict[str, dict[int, dict[str, Any]]] = {}
        self._columns: dict[tuple[str, tuple[str, ...]], AnswerColumns] = {}

    def take(self, entry: Mapping[str, Any]) -> None:
        """Take in a line of the log; raise one of `MALFORMED_ERRORS` if it is damaged."""
        number, model = check_count(entry["answer"]), check_text(entry["model"])
        self._entries.setdefault(model, {})[number] = check_answer(entry)
        self.last_model = model
        self._columns.clear()

    def rename(self, model: str, renamed: str) -> None:
        """Let a model that got another name have the answers that it gave, and will, under both."""
        entries = self._entries.setdefault(model, {})
        entries.update(self._entries.get(renamed, {}))
        self._entries[renamed] = entries
        self.last_model = renamed
        self._columns.clear()

    def forget(self, numbers: Iterable[int]) -> None:
        """Drop the answers to pictures that were removed."""
        gone = list(numbers)
        for entries in self._entries.values():
            for number in gone:
                entries.pop(number, None)
        self._columns.clear()

    def find(self, number: int, model: str, labels: Sequence[str]) -> KeptAnswer | None:
        """Return the answer of a model with these classes, or None if it has not answered."""
        entry = self._entries.get(model, {}).get(number)
        if entry is None or not _fits(entry, labels):
            return None
        if "scores" not in entry:
            return KeptAnswer(None, entry["problem"], entry["cards"])
        prediction = Prediction.of(labels, np.array(entry["scores"]), entry["seconds"])
        more = {name: entry[name] for name in ("warning", "novelty", "limits")}
        return KeptAnswer(replace(prediction, **more), None, entry["cards"])

    def list_unanswered(
        self, numbers: Iterable[int], model: str, labels: Sequence[str]
    ) -> list[int]:
        """Return those of the pictures that a model has not answered."""
        entries = self._entries.get(model, {})
        return [
            number
            for number in numbers
            if (entry := entries.get(number)) is None or not _fits(entry, labels)
        ]

    def tabulate(self, numbers: Iterable[int], model: str, labels: Sequence[str]) -> AnswerColumns:
        """Return the answers of a model to pictures as columns; see `AnswerColumns`."""
        key = model, tuple(labels)
        if key not in self._columns:
            entries = self._entries.get(model, {})
            found = [(n, entries[n]) for n in numbers if n in entries and _fits(entries[n], labels)]
            self._columns[key] = _tabulate(found, key[1])
        return self._columns[key]


def make_entry(
    number: int, model: str, answer: KeptAnswer, labels: Sequence[str]
) -> dict[str, Any]:
    """Return the line of the log for an answer."""
    entry: dict[str, Any] = {"answer": number, "model": model, "cards": dict(answer.cards)}
    if answer.prediction is None:
        return entry | {"problem": answer.problem or ""}
    prediction = answer.prediction
    entry["scores"] = [round(prediction.scores[label], _DIGITS) for label in labels]
    entry |= {"seconds": prediction.seconds, "warning": prediction.warning}
    return entry | {"novelty": prediction.novelty, "limits": astuple(prediction.limits)}


def _fits(entry: Mapping[str, Any], labels: Sequence[str]) -> bool:
    return "scores" not in entry or len(entry["scores"]) == len(labels)


def _tabulate(
    found: Sequence[tuple[int, dict[str, Any]]], labels: tuple[str, ...]
) -> AnswerColumns:
    good = [(number, entry) for number, entry in found if "scores" in entry]
    scores = np.array([entry["scores"] for _, entry in good], float).reshape(-1, len(labels))
    limits = [entry["limits"] for _, entry in good]
    score = scores.max(axis=1, initial=0.0)
    novelty = _make_floats([entry["novelty"] for _, entry in good])
    # As `Prediction.verdict` decides; a comparison with NaN is false.
    is_none = novelty > _make_floats([one.novel_above for one in limits])
    is_low = np.round(score, 2) < np.array([one.unsure_below for one in limits], float)
    return AnswerColumns(
        labels,
        np.array([number for number, _ in good], np.int64),
        scores.argmax(axis=1) if good else np.empty(0, np.int64),
        score,
        novelty,
        is_none,
        is_low & ~is_none,
        tuple(number for number, entry in found if "scores" not in entry),
        tuple(number for number, entry in good if entry["warning"]),
    )


def _make_floats(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], float)
