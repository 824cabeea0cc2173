"""What must hold in any workspace, and the work that finishes what is unfinished in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from cluster_core.data.archives.interrupted import continue_import, list_interrupted_imports
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.discarding import discard_trash
from cluster_core.storage.trash import list_trash, restore
from cluster_core.training.runs import list_runs
from cluster_core.training.runs.paths import list_run_ids
from tests.fuzz.case import Case, FaultError
from tests.fuzz.readers import run_label
from tests.samples import OWNER


class _Entry(Protocol):
    @property
    def id(self) -> str: ...


def require_everything_listed(case: Case) -> None:
    """Raise FaultError if a model, run or deletion is missing from its list."""
    workspace = case.workspace
    models = {path.parent.name for path in workspace.bundles.glob("*/manifest.json")}
    deletions = {path.parent.name for path in workspace.trash.glob("*/content") if _has_files(path)}
    _require_listed(case, "model", partial(list_models, workspace), models)
    _require_listed(case, "run", partial(list_runs, workspace), set(list_run_ids(workspace)))
    _require_listed(case, "deletion", partial(list_trash, workspace), deletions)


def require_an_answer(case: Case) -> None:
    """Raise FaultError unless some model answers, whatever is wrong with the others."""
    result = run_label(case)
    if result.exit_code:
        raise FaultError(f"No model answers: {result.stderr}")


def continue_imports(case: Case) -> None:
    """Continue or discard all interrupted imports that are listed."""
    workspace = case.workspace
    found = case.try_out("list interrupted imports", partial(list_interrupted_imports, workspace))
    for one in () if isinstance(found, ClusterError) else found:
        case.try_out(
            f"continue_import {one.id}", partial(continue_import, OWNER, workspace, one.id)
        )


def restore_everything(case: Case) -> None:
    """Undo all deletions that can be, and empty the trash, which keeps those that cannot."""
    entries = case.try_out("list_trash", partial(list_trash, case.workspace))
    answers = [
        case.try_out(f"restore {entry.id}", partial(restore, OWNER, case.workspace, entry.id))
        for entry in (() if isinstance(entries, ClusterError) else entries)
        if entry.problem is None
    ]
    # What was restored in part only may be deleted: it is listed as it is.
    if not any(isinstance(answer, ClusterError) for answer in answers):
        case.try_out("discard_trash", partial(discard_trash, OWNER, case.workspace))


def _require_listed(
    case: Case, name: str, list_them: Callable[[], Sequence[_Entry]], present: set[str]
) -> None:
    answer = case.try_out(f"list every {name}", list_them)
    hidden = set() if isinstance(answer, ClusterError) else present - {one.id for one in answer}
    if hidden:
        raise FaultError(f"The {name} {min(hidden)} is not listed.")


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))
