"""The messages shown when a run failed and its worker could not say why."""

from __future__ import annotations

_KILLED = -9

WORKER_NOT_RESPONDING = (
    "The training process stopped responding and was ended. Try again; if it happens again, use a "
    "smaller network or fewer pictures."
)
OUT_OF_MEMORY = (
    "The operating system ended the training process, probably because memory ran out. Close other "
    "programs or choose a smaller network, then try again."
)
WORKER_CANNOT_START = (
    "The training process cannot start. Run `python -m cluster_core.retrain` in a terminal on the "
    "server to see why, then try again."
)
SERVER_ENDED_TWICE = (
    "The server ended twice during this training, possibly because memory ran out. Try again with "
    "a smaller network or fewer pictures."
)


def describe_exit(exit_code: int | None) -> str:
    """Return the likely reason why a worker process ended unexpectedly.

    Parameters
    ----------
    exit_code : int or None
        As `subprocess.Popen.returncode`: negative for a signal.
    """
    if exit_code == _KILLED:
        return OUT_OF_MEMORY
    return (
        f"The training process ended unexpectedly (exit code {exit_code}). Try again; the end of "
        "its log is below."
    )
