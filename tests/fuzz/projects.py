"""Load projects that are damaged, or whose list of hashes fits content that was changed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import partial
from pathlib import Path

from cluster_core.errors import ClusterError
from cluster_core.projects.layout import RECORD
from cluster_core.projects.loading import load_project, preview_project
from cluster_core.projects.saving import save_project
from tests.fuzz.archives import DATASET_MEMORY_MB, require_nothing_left
from tests.fuzz.case import Case, FaultError
from tests.fuzz.checks import require_everything_listed
from tests.fuzz.damage import flip_bytes
from tests.fuzz.keeping import Belongings
from tests.fuzz.memory import limited_memory
from tests.fuzz.queues import read_queues
from tests.fuzz.readers import read_runs
from tests.samples import OWNER


def load_damaged_project(case: Case) -> None:
    """Save the sample, damage the file, and load it where most of it is present."""
    path = case.workspace.root.with_name("project.zip")
    save_project(OWNER, case.workspace, path)
    data = _change_content(case, path) if case.id.number % 2 else _change_bytes(case, path)
    _lose_something(case)
    before = Belongings.of(case.workspace)
    case.try_out("preview_project", partial(preview_project, io.BytesIO(data)))
    with limited_memory(DATASET_MEMORY_MB):
        report = case.try_out(
            "load_project", partial(load_project, OWNER, case.workspace, io.BytesIO(data))
        )
    now = Belongings.of(case.workspace)
    before.require_unchanged(now)
    if isinstance(report, ClusterError) and now != before:
        raise FaultError("The project was refused, but something of it was added.")
    require_nothing_left(case)
    require_everything_listed(case)
    read_queues(case)
    read_runs(case)


def _change_bytes(case: Case, path: Path) -> bytes:
    data = path.read_bytes()
    # The table of contents, where a change of one byte has the most effect, or anything.
    start = data.index(b"PK\x01\x02") if case.random.random() < 0.5 else 0
    changed, changes = flip_bytes(data[start:], case.random)
    case.steps.append(f"project changed {changes}, from byte {start}")
    return data[:start] + changed


def _change_content(case: Case, path: Path) -> bytes:
    """Change a file and its hash in the list, so that only its own checks can notice."""
    with zipfile.ZipFile(path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    record = json.loads(files.pop(RECORD))
    texts = [name for name in files if name.endswith((".json", ".jsonl", ".csv", ".zip"))]
    name = case.random.choice(sorted(texts))
    files[name], changes = flip_bytes(files[name], case.random)
    case.steps.append(f"{name} changed {changes}")
    for file in record["files"]:
        if file["path"] == name:
            file["sha256"] = hashlib.sha256(files[name]).hexdigest()
            file["n_bytes"] = len(files[name])
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for one, content in (files | {RECORD: json.dumps(record).encode()}).items():
            archive.writestr(one, content)
    return target.getvalue()


def _lose_something(case: Case) -> None:
    """Rename what the project would otherwise find present."""
    for folder in (case.workspace.runs, case.workspace.queues, case.workspace.bundles):
        if case.random.random() < 0.5 and folder.is_dir():
            folder.rename(folder.with_name(f"{folder.name} before"))
