"""Who may do what: access, the server's mode, and signing in."""

from cluster_core.access.access import Access, Action
from cluster_core.access.modes import (
    PUBLIC_VARIABLE,
    TENSORBOARD_VARIABLE,
    Mode,
    has_owner,
    has_sign_in,
    read_mode,
)

__all__ = [
    "PUBLIC_VARIABLE",
    "TENSORBOARD_VARIABLE",
    "Access",
    "Action",
    "Mode",
    "has_owner",
    "has_sign_in",
    "read_mode",
]
