"""Damage a file of a workspace, and train in it."""

from __future__ import annotations

import math
import re
from functools import partial

from cluster_core import retrain
from cluster_core.errors import ClusterError
from cluster_core.training.runs import RunState, list_runs
from tests.fuzz.case import Case, FaultError
from tests.fuzz.commands import APOLOGY, run_command
from tests.fuzz.files import damage_a_file
from tests.fuzz.keeping import Belongings
from tests.fuzz.readers import run_label, run_label_with_graph
from tests.fuzz.sample import DATASET

_LOSS = re.compile(r"Cross entropy = (\S+)")
_FLAGS = (
    "--architecture=random",
    "--how_many_training_steps=20",
    "--learning_rate=0.5",
    "--testing_percentage=20",
    "--validation_percentage=20",
)


def damage_and_train(case: Case) -> None:
    """Damage a file, train from a terminal or from the queue, and label a picture."""
    damage_a_file(case)
    before = Belongings.of(case.workspace)
    if case.random.random() < 0.7:
        _retrain(case)
        before.require_unchanged(Belongings.of(case.workspace))
    else:
        _work_off_queue(case)
        before.without("runs").require_unchanged(Belongings.of(case.workspace))
    run_label(case)
    run_label_with_graph(case)


def _retrain(case: Case) -> None:
    image_dir = f"--image_dir={case.workspace.root / DATASET}_photos"
    result = run_command(case, retrain.main, [image_dir, *_FLAGS])
    for loss in _LOSS.findall(result.stdout):
        if not math.isfinite(float(loss)):
            raise FaultError(f"The training went on with a loss of {loss}.")


def _work_off_queue(case: Case) -> None:
    """Train all queued runs, as the worker of the app does; the sample has one."""
    from cluster_core.training.jobs.job import run_job  # loads TensorFlow

    runs = case.try_out("list_runs", partial(list_runs, case.workspace))
    for run in () if isinstance(runs, ClusterError) else runs:
        if run.state is not RunState.QUEUED:
            continue
        ended = case.try_out(f"run_job {run.id}", partial(run_job, case.workspace, run.id))
        if not isinstance(ended, ClusterError) and APOLOGY in ended.message:
            log = (case.workspace.runs / run.id / "log.txt").read_text("utf-8", "replace")
            raise FaultError(f"The training failed without a reason: {ended.message}\n{log}")
