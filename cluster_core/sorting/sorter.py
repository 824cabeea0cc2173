"""Sort classified files into folders, one after the other."""

from __future__ import annotations

import os
import stat
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cluster_core.access import Access, Action
from cluster_core.answers.places import SortedPlaces
from cluster_core.errors import ConfigError, ImageError, SortingError
from cluster_core.images import add_class_cards, is_fits
from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.sky import SKY_COLUMNS
from cluster_core.model.prediction.words import name_verdict
from cluster_core.sorting.answering import AnsweredFile
from cluster_core.sorting.before import SortedBefore
from cluster_core.sorting.disk_errors import explaining_output_errors
from cluster_core.sorting.finding import check_workspace
from cluster_core.sorting.opening import opening_log
from cluster_core.sorting.placing import Order, place_file
from cluster_core.sorting.records import SortedFile, Transfer
from cluster_core.sorting.table import pack_answer, write_table

_VERSION = 1


@dataclass(frozen=True)
class SortSettings:
    """How files are sorted.

    Attributes
    ----------
    output : Path
        The folder that gets a folder for each verdict; created if missing.
    transfer : Transfer
    with_cards : bool
        Whether copies of FITS files get the cards CLASS, CLASSP and CLMODEL.
    is_identified : bool
        Whether the table says which objects the pictures show.

    Raises
    ------
    ConfigError
        Cards are to be written into files that are not copies.
    """

    output: Path
    transfer: Transfer = Transfer.COPY
    with_cards: bool = False
    is_identified: bool = False

    def __post_init__(self) -> None:
        if self.with_cards and self.transfer is not Transfer.COPY:
            raise ConfigError(
                "Cards are only written into copies, so that your own files stay as they are: use "
                "--fits-cards with --copy.",
                field="fits-cards",
                received=self.transfer,
                allowed="with --copy",
            )


class Sorter:
    """Files on their way into folders by verdict; a context manager.

    Parameters
    ----------
    access : Access
    settings : SortSettings
    source : AnswerSource
        The model that answers.

    Attributes
    ----------
    counts : Counter of str
        Files sorted by this object, by folder.
    problems : list of str
        Why files were left where they are, or got no cards, in a sentence each.
    latest : str
        Where the latest file was put: `folder/name`.
    """

    def __init__(self, access: Access, settings: SortSettings, source: AnswerSource) -> None:
        self._access, self._settings, self._source = access, settings, source
        self._output = settings.output.absolute()
        self._stack = ExitStack()
        self._listed: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.latest = ""

    def __enter__(self) -> Self:
        """Open the folder.

        Raises
        ------
        AccessError
            This server does not allow it.
        SortingError
            The folder cannot be written, is in use, is in the workspace, was sorted by another
            model, or has a damaged log and files that it does not explain.
        """
        self._access.require(Action.SORT_FILES)
        check_workspace((), self._output, self._settings.transfer)
        is_new = not self._output.exists()
        with explaining_output_errors(self._output):
            try:
                self._output.mkdir(parents=True, exist_ok=True)
            except FileNotFoundError as error:  # in a folder of the system, such as /proc
                raise SortingError(
                    f"{self._output} cannot be created: choose another output folder.",
                    path=self._output,
                ) from error
        self._log = self._stack.enter_context(opening_log(self._output))
        try:
            self._check_log()
            self._check_model(is_new)
        except BaseException:
            self._stack.close()
            raise
        self._places = SortedPlaces(self._source.labels)
        self._before = SortedBefore(self._log.state)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _check_log(self) -> None:
        if self._log.unknown:  # they would be sorted again
            sentence = f"{self._log.describe_damage()} Choose another output folder."
            raise SortingError(sentence, path=self._output)

    def _check_model(self, is_new: bool) -> None:
        old, model = self._log.state.settings, self._source
        if old and (old.get("model"), old.get("labels")) != (model.id, list(model.labels)):
            raise SortingError(
                f"{self._output} was sorted by the model {old.get('title')}: choose another "
                f'folder, or take that back with sort --undo "{self._output}".',
                path=self._output,
            )
        settings: dict[str, object] = {
            "model": model.id,
            "title": model.title,
            "labels": list(model.labels),
        }
        if not old:
            settings |= {"version": _VERSION, "created": is_new}
        if self._settings.is_identified:
            settings["identified"] = True  # later, too, so that no column is lost
        if {**old, **settings} != old:
            with explaining_output_errors(self._output):
                self._log.append({"settings": settings})

    def is_sorted(self, path: Path) -> bool:
        """Tell whether this version of a file was sorted before."""
        return self._before.has(path)

    def sort(self, one: AnsweredFile) -> str | None:
        """Put a file into its folder.

        Returns
        -------
        str or None
            Why it was left where it is, in a sentence.

        Raises
        ------
        SortingError
            The folder cannot be written, or the file would be moved out of the workspace.
        """
        self._access.require(Action.SORT_FILES)
        check_workspace((one.path,), self._output, self._settings.transfer)
        problem = one.answer.problem
        if one.answer.prediction is not None and one.facts is not None:
            try:
                self._place(one, one.answer.prediction)
            except ImageError as error:
                problem = str(error)
            else:
                self._before.add(one.path, one.facts)
        if problem:
            self.problems.append(problem)
            with explaining_output_errors(self._output):
                self._log.append({"source": str(one.path), "problem": problem})
        return problem

    def _place(self, one: AnsweredFile, prediction: Prediction) -> None:
        assert one.facts
        is_label = prediction.verdict is Verdict.LABEL
        verdict = name_verdict(prediction)
        folder = self._places.find_class_folder(verdict) if is_label else verdict
        with explaining_output_errors(self._output / folder):
            self._make_folder(folder)
            while True:
                place = self._places.take(folder, one.path.name)
                file = SortedFile(
                    one.path, place, self._settings.transfer, one.facts, prediction.verdict.value
                )
                try:
                    place_file(self._log, self._output, self._make_order(file, one, prediction))
                except FileExistsError:
                    continue
                break
        self.counts[folder] += 1
        self.latest = place

    def _make_folder(self, folder: str) -> None:
        """Create a folder, and keep the names of the files in it free."""
        if folder in self._listed:
            return
        path = self._output / folder
        if not os.path.lexists(path):
            self._log.append({"folder": folder})
            path.mkdir()
        elif not stat.S_ISDIR(path.lstat().st_mode):
            raise SortingError(
                f"{path} is a file or link, where a folder is needed: rename it, then sort again.",
                path=path,
            )
        for name in os.listdir(path):  # noqa: PTH208 (names only, of thousands)
            self._places.add_taken(f"{folder}/{name}")
        self._listed.add(folder)

    def _make_order(self, file: SortedFile, one: AnsweredFile, prediction: Prediction) -> Order:
        answer = pack_answer(one.answer)
        if not self._settings.with_cards:
            return Order(file, answer)

        def rewrite(data: bytes) -> bytes:
            if not is_fits(data):
                return data
            values = (name_verdict(prediction), prediction.score, self._source.title)
            try:
                return add_class_cards(data, one.path.name, values)
            except ImageError as error:
                self.problems.append(f"{error} It was sorted without cards.")
                return data

        return Order(file, answer, rewrite)

    def write_table(self) -> Path:
        """Write a table of all sorted files beside the folders, and return its path.

        Raises
        ------
        SortingError
            It cannot be written.
        """
        with explaining_output_errors(self._output):
            is_identified = self._log.state.settings.get("identified") is True
            columns = SKY_COLUMNS if is_identified else ()
            return write_table(self._log, self._output, self._source, columns)
