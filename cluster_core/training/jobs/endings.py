"""Why a run ended that no worker could end itself, in sentences."""

from __future__ import annotations

_KILLED = -9

SILENT = (
    "The process that trained stopped answering and was ended: try again, with a smaller network "
    "or fewer pictures if it happens again."
)
OUT_OF_MEMORY = (
    "The process that trained was ended by the system, probably because memory ran out: try again "
    "with a smaller network, or close other programs first."
)
CANNOT_START = (
    "The process that trains cannot start: run `python -m cluster_core.retrain` in a terminal on "
    "the server to see why, then try again."
)
TWICE_LEFT = (
    "The server ended twice while this was training: there may be too little memory for it. Try "
    "with a smaller network or fewer pictures."
)


def describe_death(exit_code: int | None) -> str:
    """Return why a worker may have ended that nobody asked to."""
    if exit_code == _KILLED:
        return OUT_OF_MEMORY
    return (
        f"The process that trained ended unexpectedly (exit code {exit_code}): try again; the end "
        "of its log is below."
    )
