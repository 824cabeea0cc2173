"""Kill long work at a random instant, and check that nothing is lost and the next start works."""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cluster_core import classify
from cluster_core.data.archives.interrupted import (
    continue_import,
    list_interrupted_imports,
    remove_abandoned_imports,
)
from cluster_core.errors import ClusterError
from cluster_core.model.bundle.collection import list_models
from cluster_core.storage.drafts import remove_all_abandoned_drafts
from cluster_core.storage.trash import list_trash
from tests.fuzz import long_work
from tests.fuzz.case import Case, CaseId, FaultError
from tests.fuzz.checks import require_everything_listed
from tests.fuzz.commands import run_command
from tests.fuzz.keeping import Belongings
from tests.fuzz.long_work import ANSWERS, ARCHIVE, DATASET_DIR, EMPTY, FULL, UNPACKED_DIR, WORK
from tests.fuzz.readers import run_label, run_label_with_graph
from tests.fuzz.sample import INTERRUPTED
from tests.samples import OWNER, REPOSITORY

N_PICTURES = 40
LIMIT_S = 60
_OLD_ANSWERS = "path,label\n"


@dataclass(frozen=True)
class _Length:
    """How long work takes if it is not killed."""

    seconds: float
    operations: int


def kill_work(name: str, case: Case) -> None:
    """Kill work, start again, and do the same work to its end.

    Even cases kill before a random file operation, so they can be repeated exactly; odd ones
    after a random time.
    """
    length = _measure(name, case.sample, case.folder.parent)
    _prepare(name, case)
    before = Belongings.of(case.workspace)
    _kill(name, case, length)
    before.require_content(Belongings.of(case.workspace))
    _require_whole_answers(case)
    _start_again(case)
    _require_no_leftovers(case)
    _do_again(name, case)
    before.require_content(Belongings.of(case.workspace))
    _require_result(name, case)
    _require_no_leftovers(case)
    require_everything_listed(case)


@functools.cache
def _measure(name: str, sample: Path, scratch: Path) -> _Length:
    """Do the work once without a kill."""
    folder = scratch / f"measure-{name}"
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier worker
    folder.mkdir()
    case = Case(CaseId(f"kill-{name}", 0, 0), folder, sample)
    case.renew()
    _prepare(name, case)
    with _start(name, folder) as process:
        started_s = time.monotonic()
        printed, errors = process.communicate(timeout=LIMIT_S)
        seconds = time.monotonic() - started_s
    if process.returncode != 0:
        raise FaultError(f"{name} failed, although nobody killed it: {errors.decode()}")
    shutil.rmtree(folder)
    return _Length(seconds, int(printed.split()[-1]))


def _prepare(name: str, case: Case) -> None:
    """Write what the work needs: a dataset of many pictures, an archive, older answers."""
    folder = case.workspace.root / DATASET_DIR
    for label in (FULL, EMPTY):
        (folder / label).mkdir(parents=True)
    pictures = _make_pictures(case.sample)
    for number, picture in enumerate(pictures):
        (folder / FULL / f"field {number}.png").write_bytes(picture)
    if name == "unpack":
        with zipfile.ZipFile(case.folder / ARCHIVE, "w") as archive:
            for number, picture in enumerate(pictures):
                archive.writestr(f"class {number % 2}/field {number}.png", picture)
    if name == "undo":
        long_work.delete_all(case.workspace)
    (case.folder / ANSWERS).write_text(_OLD_ANSWERS)


def _make_pictures(sample: Path) -> list[bytes]:
    """Return different pictures; what follows the end of a PNG is ignored."""
    picture = min((sample / "colours_photos").glob("*/*.png")).read_bytes()
    return [picture + b"%d" % number for number in range(N_PICTURES)]


def _start(name: str, folder: Path, last: int | None = None) -> subprocess.Popen[bytes]:
    """Start work in a process of its own, and wait until it has imported what it needs."""
    command = [sys.executable, "-m", long_work.__name__, name, str(folder)]
    command += [] if last is None else [str(last)]
    pipe = subprocess.PIPE
    # Without a buffer: the rest is read by `communicate`, which does not know of one.
    process = subprocess.Popen(command, bufsize=0, stdout=pipe, stderr=pipe, cwd=REPOSITORY)
    assert process.stdout
    if process.stdout.readline() != b"ready\n":
        _, errors = process.communicate()
        # Nothing here kills it so early: -9 means that something else on the machine did.
        raise FaultError(f"{name} ended with {process.returncode} at its start: {errors.decode()}")
    return process


def _kill(name: str, case: Case, length: _Length) -> None:
    by_time = case.id.number % 2 == 1
    last = None if by_time else case.random.randint(1, length.operations)
    delay_s = case.random.random() * length.seconds
    with _start(name, case.folder, last) as process:
        if by_time:
            time.sleep(delay_s)
            process.kill()
        _, errors = process.communicate(timeout=LIMIT_S)
    moment = f"after {delay_s:.4f} s" if by_time else f"before file operation {last}"
    case.steps.append(f"kill {name} {moment}: exit {process.returncode}")
    if process.returncode > 0:
        raise FaultError(f"{name} failed before it was killed: {errors.decode()[-2000:]}")


def _require_whole_answers(case: Case) -> None:
    """Raise FaultError if a table is neither the older one nor complete."""
    text = (case.folder / ANSWERS).read_text("utf-8")
    if text != _OLD_ANSWERS and len(text.splitlines()) != N_PICTURES + 1:
        raise FaultError(f"{ANSWERS} was replaced by {len(text.splitlines())} lines.")


def _start_again(case: Case) -> None:
    """Start a command and the app, which sweep what the killed process left behind."""
    workspace = case.workspace
    output = ["--output", str(case.folder / ANSWERS)]
    run_command(case, classify.main, [str(workspace.root / "test_photos"), *output])
    remove_all_abandoned_drafts(workspace)
    remove_abandoned_imports(workspace)
    for found in list_interrupted_imports(workspace):
        if found.id != INTERRUPTED:
            step = f"continue_import after {found.n_added} pictures"
            case.try_out(step, partial(continue_import, OWNER, workspace, found.id))


def _do_again(name: str, case: Case) -> None:
    answer = case.try_out(f"{name} again", partial(WORK[name], case.workspace))
    is_over = name == "delete" and not long_work.list_pictures(case.workspace, FULL)
    if isinstance(answer, ClusterError) and not is_over:
        raise FaultError(f"After the kill, {name} does not work: {answer}")


def _require_result(name: str, case: Case) -> None:
    """Raise FaultError unless the work has the result that it has without a kill."""
    workspace, expected = case.workspace, _make_pictures(case.sample)
    if name == "retrain":
        run_label(case)
        run_label_with_graph(case)
        damaged = [model.id for model in list_models(workspace) if model.problem]
        if damaged:
            raise FaultError(f"The model {damaged[0]} is damaged.")
    elif name == "classify":
        _require_whole_answers(case)
    else:
        folder = {
            "unpack": workspace.root / UNPACKED_DIR,
            "move": workspace.root / DATASET_DIR / EMPTY,
            "delete": workspace.trash,
            "undo": workspace.root / DATASET_DIR / FULL,
        }[name]
        found = Counter(path.read_bytes() for path in folder.rglob("*.png"))
        # Some pictures of the sample are in the trash from the beginning.
        if not Counter(expected) <= found or any(found[picture] > 1 for picture in expected):
            raise FaultError(f"After the second {name}, {folder.name} has other pictures.")
    if name == "undo" and list_trash(workspace):
        raise FaultError("The deletion is still in the trash.")


def _require_no_leftovers(case: Case) -> None:
    drafts = [*case.folder.rglob("*.part"), *case.folder.rglob("*.old")]
    staged = [path for path in case.workspace.incoming.glob("*/*") if INTERRUPTED not in path.parts]
    empty = [p for p in case.workspace.root.glob("*_photos/*/*") if p.stat().st_size == 0]
    left = [*drafts, *staged, *empty]
    if left:
        raise FaultError(f"{len(left)} files were left behind, such as {left[0]}.")
