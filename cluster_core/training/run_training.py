"""One run, in the worker: train, write down how it goes, obey a stop. Loads TensorFlow."""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TextIO

from cluster_core.errors import ClusterError
from cluster_core.evaluation.scores import Metrics
from cluster_core.model.head_settings import Evaluation
from cluster_core.training.config import TrainConfig
from cluster_core.training.estimates import measure_speed
from cluster_core.training.events import DatasetRead, Stage, StageProgress, TrainEvent
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
from cluster_core.training.runs.status import RunState
from cluster_core.training.train import TrainingResult, train
from cluster_core.workspace import Workspace

REPORT_EVERY_S = 0.1
_logger = logging.getLogger(__name__)


class _Discarded(Exception):  # noqa: N818 (no error: somebody asked for it)
    """Somebody asked to stop and keep nothing."""


def run_training(workspace: Workspace, run_id: str) -> None:
    """Train as a run's settings say, and leave its status and result in its folder.

    Raises
    ------
    OSError
        Not even the status can be written.
    """
    status = load_status(workspace, run_id)
    status = replace(
        status,
        state=RunState.RUNNING,
        started=datetime.now(UTC).isoformat(),
        stage="",
        attempts=status.attempts + 1,
    )
    save_status(workspace, status)
    reporter = None
    try:
        config = load_config(workspace, run_id)
        with (workspace.runs / run_id / EVALUATIONS).open("w", encoding="utf-8") as stream:
            reporter = _Reporter(workspace, run_id, config, stream)
            result = train(config, workspace, reporter.tell, reporter.is_to_keep_best)
        ended = RunState.STOPPED if reporter.was_stopped else RunState.FINISHED
        learned = RunResult.of(result.metrics, result.index, result.split, result.bundle.metrics)
        save_result(workspace.runs / run_id, learned, config.image_dir)
        _log_result(result)
        status = replace(status, state=ended, bundle=result.folder.name)
    except _Discarded:
        _logger.info("Stopped and discarded")
        status = replace(status, state=RunState.DISCARDED)
    except ClusterError as error:
        _logger.info("%s", error)
        status = replace(status, state=RunState.FAILED, message=str(error))
    except OSError as error:
        message = (
            f"The training could not be written down ({error.strerror or error}): make sure that "
            "the disk has room, then try again."
        )
        status = replace(status, state=RunState.FAILED, message=message)
    except Exception:
        error_id = secrets.token_hex(4)
        _logger.exception("Error %s", error_id)
        message = (
            "Something went wrong on our side, sorry; your pictures are as they were. Try again, "
            f"and if it happens again tell whoever runs this server the id {error_id}."
        )
        status = replace(status, state=RunState.FAILED, message=message)
    stage = reporter.stage if reporter else ""
    save_status(workspace, replace(status, ended=datetime.now(UTC).isoformat(), stage=stage))
    if status.bundle:
        measure_speed(workspace, status.architecture)


class _Reporter:
    """Writes down what a training tells, and looks whether it is to stop."""

    def __init__(
        self, workspace: Workspace, run_id: str, config: TrainConfig, evaluations: TextIO
    ) -> None:
        self.stage = ""
        self.was_stopped = False
        self._workspace = workspace
        self._folder = workspace.runs / run_id
        self._status = load_status(workspace, run_id)
        self._n_steps = config.how_many_training_steps
        self._evaluations = evaluations
        self._reported_s = 0.0
        self._looked_s = 0.0
        self._request: str | None = None

    def tell(self, event: TrainEvent) -> None:
        """Take an event; _Discarded if that is what somebody wants."""
        request = self._find_request()
        if request == DISCARD or (request == KEEP_BEST and not self._is_learning(event)):
            raise _Discarded
        if isinstance(event, DatasetRead):
            _log_dataset(event)
        elif isinstance(event, Evaluation):
            self._evaluations.write(format_evaluation(event))
            self._report(Stage.TRAINING, event.step + 1, self._n_steps)
        else:
            self._report(event.stage, event.done, event.total)

    def is_to_keep_best(self) -> bool:
        """Tell whether to stop with the best so far."""
        self.was_stopped = self._find_request() == KEEP_BEST
        return self.was_stopped

    def _is_learning(self, event: TrainEvent) -> bool:
        """Tell whether there is something to keep, now that an event has come."""
        last_stages = (Stage.TRAINING, Stage.TESTING, Stage.SAVING)
        is_late = isinstance(event, StageProgress) and event.stage in last_stages
        return is_late or isinstance(event, Evaluation)

    def _find_request(self) -> str | None:
        now_s = time.monotonic()
        if now_s - self._looked_s >= REPORT_EVERY_S:
            self._looked_s = now_s
            self._request = read_stop_request(self._folder)
        return self._request

    def _report(self, stage: Stage, done: int, total: int) -> None:
        now_s = time.monotonic()
        is_new = stage != self.stage
        if not is_new and now_s - self._reported_s < REPORT_EVERY_S:
            return
        if is_new:
            _logger.info("%s", stage)
        self.stage, self._reported_s = str(stage), now_s
        self._evaluations.flush()
        self._status = replace(self._status, stage=str(stage), done=done, total=total)
        save_status(self._workspace, self._status)


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
