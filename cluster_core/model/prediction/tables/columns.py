"""The columns of a table of answers, and the values of a row, whatever the format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cluster_core.images import OBSERVATION_CARDS
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.source import AnswerSource

Value = str | float | None
SCORE_DIGITS = 5


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name : str
        Its name, as in `FilePrediction.more`.
    kind : type
        `str` or `float`.
    unit : str
        Unit of its numbers, such as `deg`; empty if they have none.
    digits : int or None
        Digits after the point where numbers are text; None for as many as they need.
    """

    name: str
    kind: type[str] | type[float] = str
    unit: str = ""
    digits: int | None = None

    def format(self, value: Value) -> str:
        """Return a value as text; empty without one."""
        if value is None:
            return ""
        return str(value) if self.digits is None else f"{value:.{self.digits}f}"


class AnswerTable:
    """The columns of a table of answers, and what goes into them.

    The columns are path, label, score, verdict, novelty (without a value if it was not measured),
    one score per class, problem, those of `AnswerSource.describe`, one per card of
    `OBSERVATION_CARDS`, and `more`. Of two columns with one name, the later one ends in an
    underscore, so that a class is found by its name even if it is called `model`.

    Parameters
    ----------
    source : AnswerSource
        The model that answers.
    more : sequence of Column
        Further columns, with values from `FilePrediction.more`.

    Attributes
    ----------
    source : AnswerSource
    more : tuple of Column
    columns : tuple of Column
        All columns, under their names in the table.
    """

    def __init__(self, source: AnswerSource, more: Sequence[Column] = ()) -> None:
        self.source, self.more = source, tuple(more)
        self._described = source.describe()
        labels = source.labels
        self._added = (
            *(Column(name, type(value)) for name, value in self._described.items()),
            *map(Column, OBSERVATION_CARDS),
            *more,
        )
        self.columns = _make_unique(
            *map(Column, ("path", "label")),
            Column("score", float, digits=SCORE_DIGITS),
            Column("verdict"),
            Column("novelty", float, digits=SCORE_DIGITS),
            *(Column(label, float, digits=SCORE_DIGITS) for label in labels),
            Column("problem"),
            *self._added,
        )

    def make_row(self, answer: FilePrediction) -> list[Value]:
        """Return the values of a row, one per column; None where there is none."""
        prediction = answer.prediction
        found: list[Value] = [None, None, None, None, *(None for _ in self.source.labels)]
        if prediction is not None:
            found = [prediction.label, prediction.score, prediction.verdict.value]
            found += [prediction.novelty, *map(prediction.scores.get, self.source.labels)]
        problem = answer.problem or (prediction.warning if prediction else "")
        values = {**self._described, **answer.cards, **answer.more}
        return [answer.name, *found, problem or None, *(values.get(c.name) for c in self._added)]


def _make_unique(*columns: Column) -> tuple[Column, ...]:
    """Return columns of which no two have the same name."""
    named: dict[str, Column] = {}
    for column in columns:
        name = column.name
        while name in named:
            name += "_"
        named[name] = replace(column, name=name)
    return tuple(named.values())


def escape_unencodable(text: str) -> str:
    r"""Return text in which what is not valid UTF-8, as in a file name, is a \x escape."""
    return text.encode("utf-8", "backslashreplace").decode()
