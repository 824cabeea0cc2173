"""The long tasks of sorting a folder: looking, sorting and undoing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from cluster_core.data.index import Progress
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.words import name_verdict
from cluster_core.sorting.answering import AnsweredFile, answer_files
from cluster_core.sorting.before import read_sorted
from cluster_core.sorting.finding import find_files
from cluster_core.sorting.last_sort import LastSort, save_last_sort
from cluster_core.sorting.sorter import Sorter, SortSettings
from cluster_core.sorting.undoing import UndoReport, undo_sort
from pages.components.classify.loaded_models import obtain_predictor
from pages.components.long_work import Work, start_work
from pages.components.outcome import Outcome
from pages.components.signed_in import get_access, get_workspace


@dataclass
class FolderSort:
    """A folder that is looked at, and then sorted.

    Attributes
    ----------
    model : ModelSummary
        The model that classifies.
    folder : Path
    settings : SortSettings
    waiting : list of Path or None
        Files to sort; None until the folder was listed.
    n_before : int
        Files of the folder that were sorted before.
    answers : list of AnsweredFile
        The answers so far, in the order of `waiting`.
    n_done : int
        Number of answers that were processed.
    n_sorted : int
        Number of files that were sorted.
    problems : dict of str to None
        Why others were not, or got no cards, in sentences.
    """

    model: ModelSummary
    folder: Path
    settings: SortSettings
    waiting: list[Path] | None = None
    n_before: int = 0
    answers: list[AnsweredFile] = field(default_factory=list)
    n_done: int = 0
    n_sorted: int = 0
    problems: dict[str, None] = field(default_factory=dict)

    def count(self) -> Counter[str]:
        """Return how many pictures get which answer."""
        found = (one.answer.prediction for one in self.answers)
        return Counter(name_verdict(prediction) for prediction in found if prediction)


def start_looking(job: FolderSort, key: str) -> None:
    """Classify the pictures of a folder, and then keep the job under a key of the session."""

    def resume(on_progress: Progress) -> Outcome:
        predictor = obtain_predictor(job.model)
        if predictor is None:
            return Outcome("This model cannot classify: choose another.", is_good=False)
        if job.waiting is None:
            found = list(find_files([job.folder]))
            before = read_sorted(job.settings.output)
            job.waiting = [path for path in found if not before.has(path)]
            job.n_before = len(found) - len(job.waiting)
        rest = job.waiting[len(job.answers) :]
        with closing(answer_files(predictor, rest)) as answers:
            for one in answers:
                job.answers.append(one)
                on_progress(len(job.answers), len(job.waiting))
        if not job.waiting:
            problem = (
                f"All pictures of {job.folder} were sorted before"
                if job.n_before
                else f"{job.folder} has no pictures"
            )
            return Outcome(f"{problem}: choose another folder.", is_good=False)
        return keep()

    def keep() -> Outcome:
        st.session_state[key] = job
        n_answers = len(job.answers)
        noun = "picture" if n_answers == 1 else "pictures"
        reasons = [one.answer.problem for one in job.answers if one.answer.problem]
        sentence = f"Looked at {n_answers:,} {noun}. Nothing was touched: confirm below to sort."
        return Outcome(sentence, reasons=reasons)

    def on_stop() -> Outcome:
        return keep() if job.answers else Outcome("Stopped: nothing was touched.")

    start_work(Work("Looking at the pictures", resume, on_stop))


def start_sorting(job: FolderSort, key: str) -> None:
    """Sort the pictures of a folder that was looked at."""
    st.session_state.pop(key, None)
    last = LastSort(str(job.folder), str(job.settings.output))
    save_last_sort(get_access(), get_workspace(), last)

    def resume(on_progress: Progress) -> Outcome:
        with Sorter(get_access(), job.settings, AnswerSource.of(job.model)) as sorter:
            try:
                for one in _iterate_rest(job):
                    if not sorter.is_sorted(one.path):
                        sorter.sort(one)
                    on_progress(job.n_done + 1, len(job.answers))
            finally:
                job.n_sorted += sorter.counts.total()
                job.problems |= dict.fromkeys(sorter.problems)
                sorter.write_table()
        return describe()

    def describe() -> Outcome:
        noun = "picture" if job.n_sorted == 1 else "pictures"
        return Outcome(
            f"Sorted {job.n_sorted:,} {noun} into {job.settings.output}. The table answers.csv is "
            "beside the folders.",
            is_good=job.n_sorted > 0,
            reasons=tuple(job.problems),
            undo=lambda: start_undoing(job.settings.output),
        )

    start_work(Work("Sorting pictures", resume, describe))


def _iterate_rest(job: FolderSort) -> Iterator[AnsweredFile]:
    """Yield the answers that are not sorted yet, and count each afterwards."""
    for one in job.answers[job.n_done :]:
        yield one
        job.n_done += 1


def start_undoing(output: Path) -> Outcome:
    """Take back what was sorted into a folder."""

    def resume(on_progress: Progress) -> Outcome:
        return _describe_undo(undo_sort(get_access(), output, on_progress), output)

    def on_stop() -> Outcome:
        return Outcome("Stopped: only part of it was undone. Undo the earlier sort for the rest.")

    start_work(Work("Undoing the sort", resume, on_stop))
    return Outcome("Undoing the sort …")


def _describe_undo(report: UndoReport, output: Path) -> Outcome:
    noun = "picture" if report.n_undone == 1 else "pictures"
    sentence = f"Took {report.n_undone:,} {noun} out of {output} again."
    return Outcome(sentence, is_good=bool(report.n_undone), reasons=report.kept)
