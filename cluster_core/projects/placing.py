"""Move what was unpacked of a project's file into the workspace."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cluster_core.access import Access
from cluster_core.data.catalog import list_datasets
from cluster_core.errors import ClusterError, ProjectError
from cluster_core.model.bundle.selection import save_default
from cluster_core.projects.datasets import add_dataset, find_same_dataset
from cluster_core.projects.layout import DATASETS, MODELS, PUBLISHED, QUEUES, RUNS
from cluster_core.projects.models import add_model
from cluster_core.projects.published import publish_again
from cluster_core.projects.queues import add_queue
from cluster_core.projects.reading import ProjectArchive
from cluster_core.projects.runs import add_run
from cluster_core.storage.drafts import replacing
from cluster_core.workspace import DATASET_SUFFIX, Workspace


@dataclass
class LoadReport:
    """What was loaded.

    Attributes
    ----------
    added : list of Path
        New folders in the workspace: datasets, models, trainings, queues.
    n_present : int
        Datasets, models, trainings and queues that the workspace had already.
    notes : list of str
        What got another name or was left out, and why, as sentences.
    """

    added: list[Path] = field(default_factory=list)
    n_present: int = 0
    notes: list[str] = field(default_factory=list)

    def describe(self) -> str:
        """Return what was added as a phrase, such as "2 datasets and 1 model"."""
        kinds = Counter(_name_kind(path) for path in self.added)
        parts = [
            f"{n:,} {kind}{'s' if n > 1 else ''}"
            for kind in ("dataset", "model", "training", "queue", "page")
            if (n := kinds[kind])
        ]
        return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]])) or "nothing new"


class Placing:
    """Moves what was unpacked into the workspace, and knows the names it got there."""

    def __init__(
        self, access: Access, workspace: Workspace, folder: Path, report: LoadReport
    ) -> None:
        self._access = access
        self._workspace = workspace
        self._folder = folder
        self._report = report
        self._datasets: dict[str, str] = {}
        self._models: dict[str, str] = {}

    def place(self, project: ProjectArchive) -> None:
        """Place everything: trainings after the datasets and models that they name."""
        had_choice = self._workspace.default_model.exists(), self._workspace.last_dataset.exists()
        for kind, place in (
            (DATASETS, self._place_dataset),
            (MODELS, self._place_model),
            (RUNS, self._place_run),
            (QUEUES, self._place_queue),
        ):
            for staged in sorted((self._folder / kind).glob("*")):
                try:
                    place(staged)
                except ClusterError as error:
                    self._report.notes.append(str(error))
        self._choose_defaults(project, *had_choice)

    def publish(self) -> None:
        """Publish the pages of the project anew."""
        for staged in sorted((self._folder / PUBLISHED).glob("*")):
            try:
                path = publish_again(self._access, self._workspace, staged, self._models)
            except ClusterError as error:
                self._report.notes.append(str(error))
            else:
                self._take_or_skip(path, staged.name)

    def _place_dataset(self, staged: Path) -> None:
        name = staged.name
        same = find_same_dataset(self._workspace, staged, name)
        if same is None:
            path = add_dataset(self._access, self._workspace, staged, name)
            self._take(path, name, path.name.removesuffix(DATASET_SUFFIX), self._datasets)
        else:
            self._datasets[name] = same
            self._report.n_present += 1

    def _place_model(self, staged: Path) -> None:
        try:
            model, is_new = add_model(self._access, self._workspace, staged)
        except ClusterError as error:
            raise ProjectError(
                f"The model {staged.stem} was left out: {error}", path=staged
            ) from error
        if is_new:
            path = self._workspace.bundles / model.id
            self._take(path, staged.stem, model.id, self._models)
        else:
            self._models[staged.stem] = model.id
            self._report.n_present += 1

    def _place_run(self, staged: Path) -> None:
        self._take_or_skip(
            add_run(self._access, self._workspace, staged, self._datasets, self._models),
            staged.name,
        )

    def _place_queue(self, staged: Path) -> None:
        self._take_or_skip(add_queue(self._access, self._workspace, staged), staged.name)

    def _take_or_skip(self, path: Path | None, name: str) -> None:
        if path is None:
            self._report.n_present += 1
        else:
            self._take(path, name, path.name, {})

    def _take(self, path: Path, name: str, new_name: str, names: dict[str, str]) -> None:
        names[name] = new_name
        self._report.added.append(path)
        if new_name != name:
            kind = _name_kind(path)
            self._report.notes.append(
                f"The {kind} {name} was added as {new_name}, because there is another {kind} of "
                "this name."
            )

    def _choose_defaults(self, project: ProjectArchive, *had_choice: bool) -> None:
        """Take the default model and the last dataset of the project, unless there are any."""
        has_model, has_dataset = had_choice
        model = self._models.get(project.record.default_model)
        if model and not has_model:
            save_default(self._workspace, model)
        dataset = self._datasets.get(project.record.last_dataset)
        if dataset in list_datasets(self._workspace) and not has_dataset:
            with replacing(self._workspace.last_dataset) as draft:
                draft.write_text(json.dumps({"dataset": dataset}), "utf-8")


def _name_kind(path: Path) -> str:
    kinds: Mapping[str, str] = {
        "bundles": "model",
        "runs": "training",
        "queues": "queue",
        "published": "page",
    }
    return kinds.get(path.parent.name, "dataset")
