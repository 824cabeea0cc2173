"""Train one run in the worker process, record its progress, and stop on request.

Importing this loads TensorFlow.
"""

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
from cluster_core.training.choice.decision import NetworkChoice, describe_choice
from cluster_core.training.config import TrainConfig
from cluster_core.training.events import (
    STAGES_WITH_A_HEAD,
    DatasetRead,
    NetworkChosen,
    Stage,
    StageProgress,
    TrainEvent,
)
from cluster_core.training.insight.estimates import USUAL_BATCH, record_step_speed
from cluster_core.training.runs.evaluation_record import save_evaluation
from cluster_core.training.runs.folder import (
    DISCARD,
    KEEP_BEST,
    load_status,
    read_stop_request,
    save_status,
)
from cluster_core.training.runs.records import (
    EVALUATIONS,
    format_evaluation,
    load_config,
    save_choice,
)
from cluster_core.training.runs.results import RunResult, save_result
from cluster_core.training.runs.status import RunState, RunStatus
from cluster_core.training.train import TrainingResult, train
from cluster_core.workspace import Workspace

REPORT_EVERY_S = 0.1
_logger = logging.getLogger(__name__)


class _Discarded(Exception):  # noqa: N818 (a request, not an error)
    """A user asked to stop the training and discard it."""


def run_job(workspace: Workspace, run_id: str) -> RunStatus:
    """Train a queued run and save its status, evaluations and result in its folder.

    A run that fails is reported in its status, not as an exception.

    Parameters
    ----------
    workspace : Workspace
    run_id : str

    Returns
    -------
    RunStatus
        The final status, even if it could not be saved.

    Raises
    ------
    RunError
        There is no such run.
    """
    status = load_status(workspace, run_id)
    if status.state.is_over:  # stopped while it was being assigned
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
    with contextlib.suppress(OSError):  # the supervisor saves the returned status later
        save_status(workspace, ended)
    return ended


def _train(workspace: Workspace, reporter: _Reporter) -> RunStatus:
    folder = workspace.runs / reporter.status.id
    config = load_config(workspace, reporter.status.id)
    with reporter.recording(config):
        result = train(config, workspace, reporter.handle, reporter.should_keep_best)
    run_result = RunResult.of(result.metrics, result.index, result.split, result.bundle.metrics)
    save_result(folder, run_result, config.image_dir)
    try:
        save_evaluation(folder, result.evaluation)
    except OSError as error:  # the model is saved, and the evaluation can be repeated
        _logger.warning("The evaluation could not be kept: %s", error)
    _log_result(result)
    if config.train_batch_size <= USUAL_BATCH:
        seconds = reporter.seconds_in[Stage.TRAINING]
        record_step_speed(workspace, result.bundle.backbone.name, run_result.steps_run, seconds)
    state = RunState.STOPPED if reporter.was_stopped else RunState.FINISHED
    return replace(reporter.status, state=state, bundle=result.folder.name)


def _explain(error: Exception) -> str:
    """Return why a training failed; for a bug, an apology with an id that the log repeats."""
    if isinstance(error, ClusterError):
        _logger.info("%s", error)
        return str(error)
    if isinstance(error, OSError):
        _logger.info("%s", error)
        return (
            f"The training could not be saved ({error.strerror or error}): make sure that the disk "
            "has room, then try again."
        )
    error_id = secrets.token_hex(4)
    _logger.error("Error %s", error_id, exc_info=error)
    return (
        "Something went wrong on our side, sorry. Your pictures are unchanged. Try again; if it "
        f"happens again, give the person who runs this server the error id {error_id}."
    )


class _Reporter:
    """Records the progress of a training and checks for stop requests."""

    def __init__(self, workspace: Workspace, status: RunStatus) -> None:
        self.status = status
        self.was_stopped = False
        self._workspace = workspace
        self._folder = workspace.runs / status.id
        self._n_steps = 0
        self._evaluations: TextIO | None = None
        self.seconds_in: dict[str, float] = {}
        self._stage_start_s = _read_clocks_s()
        self._last_report_s = 0.0
        self._last_check_s = 0.0
        self._stop_request: str | None = None

    @contextmanager
    def recording(self, config: TrainConfig) -> Iterator[None]:
        """Keep the file of evaluations open, starting from an empty one."""
        self._n_steps = config.how_many_training_steps
        with (self._folder / EVALUATIONS).open("w", encoding="utf-8") as self._evaluations:
            yield

    def handle(self, event: TrainEvent) -> None:
        """Record an event; raise _Discarded if the run is to be discarded."""
        request = self._check_stop_request()
        if request == DISCARD or (request == KEEP_BEST and not _has_head(event)):
            raise _Discarded
        if isinstance(event, DatasetRead):
            _log_dataset(event)
        elif isinstance(event, NetworkChosen):
            self._record_choice(event.choice)
        elif isinstance(event, Evaluation):
            assert self._evaluations
            self._evaluations.write(format_evaluation(event))
            self._report(Stage.TRAINING, event.step + 1, self._n_steps)
        else:
            self._report(event.stage, event.done, event.total)

    def should_keep_best(self) -> bool:
        """Return whether to stop and keep the best head; raise _Discarded to keep nothing."""
        request = self._check_stop_request()
        if request == DISCARD:
            raise _Discarded
        self.was_stopped = request == KEEP_BEST
        return self.was_stopped

    def _check_stop_request(self) -> str | None:
        now_s = time.monotonic()
        if now_s - self._last_check_s >= REPORT_EVERY_S:
            self._last_check_s = now_s
            self._stop_request = read_stop_request(self._folder)
        return self._stop_request

    def _record_choice(self, choice: NetworkChoice) -> None:
        _logger.info("Network chosen for these pictures: %s", describe_choice(choice))
        save_choice(self._folder, choice)
        self.status = replace(self.status, architecture=choice.architecture)
        save_status(self._workspace, self.status)

    def _report(self, stage: Stage, done: int, total: int) -> None:
        now_s = time.monotonic()
        is_new = stage != self.status.stage
        if not is_new and now_s - self._last_report_s < REPORT_EVERY_S:
            return
        if is_new:
            clocks_s = _read_clocks_s()
            passed_s = (
                end - start for end, start in zip(clocks_s, self._stage_start_s, strict=True)
            )
            self.seconds_in[self.status.stage] = min(passed_s)
            self._stage_start_s = clocks_s
            _logger.info("%s", stage)
        self._last_report_s = now_s
        assert self._evaluations
        self._evaluations.flush()
        self.status = replace(self.status, stage=str(stage), done=done, total=total)
        save_status(self._workspace, self.status)


def _read_clocks_s() -> tuple[float, float]:
    """Return the time, and that of all threads of this process.

    On a busy computer the first is far too long for a speed; with several threads the second is.
    """
    return time.monotonic(), time.process_time()


def _has_head(event: TrainEvent) -> bool:
    """Return whether a head has been trained by the time of an event."""
    is_late = isinstance(event, StageProgress) and event.stage in STAGES_WITH_A_HEAD
    return is_late or isinstance(event, Evaluation)


def _log_dataset(event: DatasetRead) -> None:
    for label, count in event.index.all_counts.items():
        _logger.info("%s: %d pictures", label, count)
    for file in event.index.rejected:
        _logger.info("Left out: %s", file.reason)
    for picture in event.index.incomplete:
        _logger.info("%s", picture.warning)
    for note in event.split.notes:
        _logger.info("%s", note)


def _log_result(result: TrainingResult) -> None:
    steps = result.bundle.metrics
    _logger.info("%d steps run, kept the model of step %d", steps["steps_run"], steps["step_kept"])
    _logger.info("%s", _describe_test(result.metrics))
    _logger.info("Model saved in %s", result.folder)


def _describe_test(metrics: Metrics) -> str:
    if not metrics.n:
        return "No pictures were kept for the final test"
    return f"Final test accuracy = {metrics.accuracy:.1%} (N={metrics.n})"
