"""The answers of a room as a table in any format, with what a person says about them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cluster_core.answers.places import DONT_KNOW
from cluster_core.answers.records import KeptObject, Review
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.counter_classes import COUNTER_CLASS
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable, Column
from cluster_core.model.prediction.tables.formats import TableFormat, writing_stream

_SKY = (Column("object"), Column("catalogue_type"))


@dataclass(frozen=True)
class RoomTable:
    """The answers of one model in a room.

    Attributes
    ----------
    room : AnswerRoom
    model : str
        Hash of the model's manifest.
    source : AnswerSource
        The same model.
    """

    room: AnswerRoom
    model: str
    source: AnswerSource

    def encode(self, table_format: TableFormat, places: Mapping[int, str] | None = None) -> bytes:
        """Return the table of `python -m cluster_core classify`, with what a person says.

        Parameters
        ----------
        table_format : TableFormat
            Its format.
        places : mapping of int to str, optional
            The pictures in the table, by number, with what to write as their path. By default,
            all pictures with an answer, under their names.

        Returns
        -------
        bytes
            The columns `confirmed` and, if objects were named, `object` and `catalogue_type`
            follow those of `AnswerTable`.
        """
        columns = [Column("confirmed"), *(_SKY if self.room.objects else ())]
        file = io.BytesIO()
        with writing_stream(file, table_format, AnswerTable(self.source, columns)) as write:
            for row in self._list_rows(places):
                write(row)
        return file.getvalue()

    def _list_rows(self, places: Mapping[int, str] | None) -> Iterator[FilePrediction]:
        room = self.room
        for number in list(room.pictures) if places is None else places:
            kept = room.pictures.get(number)
            answer = room.find_answer(number, self.model, self.source.labels)
            if kept is None or answer is None:
                continue
            path = kept.name if places is None else places[number]
            more: dict[str, str | None] = {"confirmed": _name_review(room.reviews.get(number))}
            if room.objects:
                known = room.objects.get(number, KeptObject())
                more |= {"object": known.name or None, "catalogue_type": known.kind or None}
            cards = answer.cards
            yield FilePrediction(path, answer.prediction, answer.problem, cards, more=more)


def name_reviewed_class(label: str) -> str:
    """Return a class as people read it: `none of these` for that of counter-examples."""
    return Verdict.NONE_OF_THESE.value if label == COUNTER_CLASS else label


def _name_review(review: Review | None) -> str | None:
    if review is None:
        return None
    return DONT_KNOW if review.label is None else name_reviewed_class(review.label)
