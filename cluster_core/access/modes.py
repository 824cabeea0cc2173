"""Whom a server is for: its owner alone, people who sign in, or the visitors of a demo."""

from __future__ import annotations

import os
from enum import StrEnum

# Set to 1 on a public demo: visitors classify with published models, and see nothing else.
PUBLIC_VARIABLE = "CLUSTER_LAB_PUBLIC_DEMO"
# Set to 1 to let the browser start TensorBoard.
TENSORBOARD_VARIABLE = "CLUSTER_LAB_TENSORBOARD"
# A hash of the owner's passphrase, from `python -m cluster_core passphrase`.
PASSPHRASE_VARIABLE = "CLUSTER_LAB_PASSPHRASE_HASH"  # noqa: S105 (a name, not a passphrase)
# E-mail addresses of those who may sign in through an identity provider, separated by commas.
OWNERS_VARIABLE = "CLUSTER_LAB_OWNERS"


class Mode(StrEnum):
    """Whom a server is for."""

    OWN_MACHINE = "own machine"
    SHARED = "shared"
    DEMO = "demo"


def read_mode() -> Mode:
    """Return the mode that the environment variables set."""
    if os.environ.get(PUBLIC_VARIABLE) == "1":
        return Mode.DEMO
    return Mode.SHARED if has_sign_in() else Mode.OWN_MACHINE


def has_sign_in() -> bool:
    """Tell whether a way to sign in is configured."""
    return bool(os.environ.get(PASSPHRASE_VARIABLE) or os.environ.get(OWNERS_VARIABLE))


def read_owners() -> frozenset[str]:
    """Return the e-mail addresses, in lower case, of those who may sign in through a provider."""
    names = os.environ.get(OWNERS_VARIABLE, "").split(",")
    return frozenset(name.strip().lower() for name in names if name.strip())


def has_owner() -> bool:
    """Tell whether anybody can be the owner in the browser; a demo may be for visitors only."""
    return read_mode() is not Mode.DEMO or has_sign_in()
