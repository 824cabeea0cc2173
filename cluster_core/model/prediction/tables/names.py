"""Say how many pictures were named after objects in the sky, and why others were not."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.tables.sky import make_model_answer, make_sky_values
from cluster_core.sky_names.words import describe_with_model, disagrees

CONTRADICTIONS_SHOWN = 20
PROBLEMS_SHOWN = 10
EXAMPLES_NAMED = 3  # of pictures with one problem


class NameCounts:
    """Adds the objects of pictures to a table, and counts them for the user."""

    def __init__(self) -> None:
        self._n_named = self._n_asked = 0
        self._problems: Counter[str] = Counter()
        self._examples: defaultdict[str, list[str]] = defaultdict(list)  # a few for each problem
        self._contradictions: list[str] = []

    def add(self, answer: FilePrediction) -> FilePrediction:
        """Return an answer with the values of `SKY_COLUMNS`, if it was identified."""
        if answer.sky is None:
            return answer
        self._n_asked += 1
        self._n_named += bool(answer.sky.objects)
        if problem := answer.sky.problem:
            self._problems[problem] += 1
            if self._problems[problem] <= EXAMPLES_NAMED:
                self._examples[problem].append(answer.name)
        if answer.prediction is not None:
            said = make_model_answer(answer.prediction)
            if disagrees(answer.sky, said):
                sentence = describe_with_model(answer.sky, said)
                self._contradictions.append(f"{answer.name}: {sentence}")
        return replace(answer, more={**answer.more, **make_sky_values(answer.sky)})

    def describe(self) -> list[str]:
        """Return lines on what was named, and where the model contradicts the catalogue."""
        if not self._n_asked:
            return []
        lines = [f"{self._n_named} of {_count(self._n_asked)} named"]
        for problem, number in self._problems.most_common(PROBLEMS_SHOWN):
            more = ["…"] if number > EXAMPLES_NAMED else []
            examples = ", ".join(self._examples[problem] + more)
            lines.append(f"{_count(number)} ({examples}): {problem}")
        if n_other := sum(count for _, count in self._problems.most_common()[PROBLEMS_SHOWN:]):
            lines.append(f"{_count(n_other, 'more picture')}: see the column sky_problem")
        lines += self._contradictions[:CONTRADICTIONS_SHOWN]
        n_more = len(self._contradictions) - CONTRADICTIONS_SHOWN
        return [*lines, f"and {_count(n_more, 'more picture')} alike"] if n_more > 0 else lines


def _count(number: int, noun: str = "picture") -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
