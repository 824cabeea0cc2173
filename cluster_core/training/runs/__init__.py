"""Training runs as folders: submit, watch and review trainings through files."""

from cluster_core.training.runs.evaluation_record import (
    load_accuracy,
    load_cross_validation,
    load_evaluation,
)
from cluster_core.training.runs.folder import (
    delete_run,
    find_queue_position,
    list_runs,
    load_status,
    read_log,
    request_stop,
    submit_run,
)
from cluster_core.training.runs.records import (
    EvaluationReader,
    load_choice,
    load_config,
    load_evaluations,
    load_reviewed,
)
from cluster_core.training.runs.results import RunResult, load_result
from cluster_core.training.runs.status import RunState, RunStatus

__all__ = [
    "EvaluationReader",
    "RunResult",
    "RunState",
    "RunStatus",
    "delete_run",
    "find_queue_position",
    "list_runs",
    "load_accuracy",
    "load_choice",
    "load_config",
    "load_cross_validation",
    "load_evaluation",
    "load_evaluations",
    "load_result",
    "load_reviewed",
    "load_status",
    "read_log",
    "request_stop",
    "submit_run",
]
