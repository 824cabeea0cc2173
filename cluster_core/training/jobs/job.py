"""One run, in the worker: train, write down how it goes, obey a stop. Loads TensorFlow."""

from __future__ import annotations

import contextlib
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TextIO

from cluster_core.errors import ClusterError
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import (
    STAGES_WITH_A_HEAD,
    DatasetRead,
    Stage,
    StageProgress,
    TrainEvent,
)
from cluster_core.training.insight.estimates import USUAL_BATCH, note_steps
from cluster_core.training.runs.folder import (
    DISCARD,
    KEEP_BEST,
    load_status,
    read_stop_request,
    save_status,
)
from cluster_core.training.runs.records import (
    EVALUATIONS,
    RunResult,
    format_evaluation,
    load_config,
    save_result,
)
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.train import TrainingResult, train
from cluster_core.workspace import Workspace

REPORT_EVERY_S = 0.1
_logger = logging.getLogger(__name__)


class _Discarded(Exception):  # noqa: N818 (no error: somebody asked for it)
    """Somebody asked to stop and keep nothing."""


def run_job(workspace: Workspace, run_id: str) -> RunStatus:
    """Train as a run's settings say, and leave its status and result in its folder.

    Returns
    -------
    RunStatus
        How it ended, also where that could not be written down.
    """
    status = load_status(workspace, run_id)
    if status.state.is_over:  # taken out of the queue a moment ago
        return status
    status = replace(
        status,
        state=RunState.RUNNING,
        started=datetime.now(UTC).isoformat(),
        stage="",
        message="",
        attempts=status.attempts + 1,
    )
    reporter = _Reporter(workspace, status)
    try:
        save_status(workspace, status)
        ended = _train(workspace, reporter)
    except _Discarded:
        _logger.info("Stopped and discarded")
        ended = replace(reporter.status, state=RunState.DISCARDED)
    except Exception as error:
        message = _explain(error)
        ended = replace(reporter.status, state=RunState.FAILED, message=message)
    ended = replace(ended, ended=datetime.now(UTC).isoformat())
    with contextlib.suppress(OSError):  # the supervisor is told, and tries again
        save_status(workspace, ended)
    return ended


def _train(workspace: Workspace, reporter: _Reporter) -> RunStatus:
    folder = workspace.runs / reporter.status.id
    config = load_config(workspace, reporter.status.id)
    with reporter.listening_to(config):
        result = train(config, workspace, reporter.tell, reporter.is_to_keep_best)
    learned = RunResult.of(result.metrics, result.index, result.split, result.bundle.metrics)
    save_result(folder, learned, config.image_dir)
    _log_result(result)
    if config.train_batch_size <= USUAL_BATCH:
        seconds = reporter.seconds_in[Stage.TRAINING]
        note_steps(workspace, config.architecture, learned.steps_run, seconds)
    state = RunState.STOPPED if reporter.was_stopped else RunState.FINISHED
    return replace(reporter.status, state=state, bundle=result.folder.name)


def _explain(error: Exception) -> str:
    """Return why a training failed, in a sentence; for a bug an apology whose id the log has."""
    if isinstance(error, ClusterError):
        _logger.info("%s", error)
        return str(error)
    if isinstance(error, OSError):
        _logger.info("%s", error)
        return (
            f"The training could not be written down ({error.strerror or error}): make sure that "
            "the disk has room, then try again."
        )
    error_id = secrets.token_hex(4)
    _logger.error("Error %s", error_id, exc_info=error)
    return (
        "Something went wrong on our side, sorry; your pictures are as they were. Try again, and "
        f"if it happens again tell whoever runs this server the id {error_id}."
    )


class _Reporter:
    """Writes down what a training tells, and looks whether it is to stop."""

    def __init__(self, workspace: Workspace, status: RunStatus) -> None:
        self.status = status
        self.was_stopped = False
        self._workspace = workspace
        self._folder = workspace.runs / status.id
        self._n_steps = 0
        self._evaluations: TextIO | None = None
        self.seconds_in: dict[str, float] = {}
        self._stage_begin_s = time.monotonic()
        self._reported_s = 0.0
        self._looked_s = 0.0
        self._request: str | None = None

    @contextmanager
    def listening_to(self, config: TrainConfig) -> Iterator[None]:
        """Keep the record of evaluations open, begun anew."""
        self._n_steps = config.how_many_training_steps
        with (self._folder / EVALUATIONS).open("w", encoding="utf-8") as self._evaluations:
            yield

    def tell(self, event: TrainEvent) -> None:
        """Take an event; _Discarded if that is what somebody wants."""
        request = self._find_request()
        if request == DISCARD or (request == KEEP_BEST and not _has_head(event)):
            raise _Discarded
        if isinstance(event, DatasetRead):
            _log_dataset(event)
        elif isinstance(event, Evaluation):
            assert self._evaluations
            self._evaluations.write(format_evaluation(event))
            self._report(Stage.TRAINING, event.step + 1, self._n_steps)
        else:
            self._report(event.stage, event.done, event.total)

    def is_to_keep_best(self) -> bool:
        """Tell whether to stop with the best so far; _Discarded if nothing is to be kept."""
        request = self._find_request()
        if request == DISCARD:
            raise _Discarded
        self.was_stopped = request == KEEP_BEST
        return self.was_stopped

    def _find_request(self) -> str | None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= REPORT_EVERY_S:
            self._looked_s = now_s
            self._request = read_stop_request(self._folder)
        return self._request

    def _report(self, stage: Stage, done: int, total: int) -> None:
        now_s = time.monotonic()
        is_new = stage != self.status.stage
        if not is_new and now_s - self._reported_s < REPORT_EVERY_S:
            return
        if is_new:
            self.seconds_in[self.status.stage] = now_s - self._stage_begin_s
            self._stage_begin_s = now_s
            _logger.info("%s", stage)
        self._reported_s = now_s
        assert self._evaluations
        self._evaluations.flush()
        self.status = replace(self.status, stage=str(stage), done=done, total=total)
        save_status(self._workspace, self.status)


def _has_head(event: TrainEvent) -> bool:
    """Tell whether an event comes when there is something to keep."""
    is_late = isinstance(event, StageProgress) and event.stage in STAGES_WITH_A_HEAD
    return is_late or isinstance(event, Evaluation)


def _log_dataset(event: DatasetRead) -> None:
    for label, count in event.index.counts.items():
        _logger.info("%s: %d pictures", label, count)
    for file in event.index.rejected:
        _logger.info("Left out: %s", file.reason)
    for note in event.split.notes:
        _logger.info("%s", note)


def _log_result(result: TrainingResult) -> None:
    learned, metrics = result.bundle.metrics, result.metrics
    _logger.info(
        "%d steps run, the head of step %d kept", learned["steps_run"], learned["step_kept"]
    )
    _logger.info("%s", _describe_test(metrics))
    _logger.info("Model saved in %s", result.folder)


def _describe_test(metrics: Metrics) -> str:
    if not metrics.n:
        return "No pictures were kept for the final test"
    return f"Final test accuracy = {metrics.accuracy:.1%} (N={metrics.n})"
