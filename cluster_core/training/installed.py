"""Whether this installation can train, or only classify (`deploy/requirements-classify.txt`)."""

from __future__ import annotations

import functools
from importlib.util import find_spec

from cluster_core.errors import RunError

CLASSIFIES_ONLY = (
    "This installation classifies but does not train, because TensorFlow is not installed: to "
    "train here, install the packages in requirements.txt."
)


@functools.lru_cache(maxsize=1)
def can_train() -> bool:
    """Return whether TensorFlow is installed, without loading it."""
    return find_spec("tensorflow") is not None


def require_training() -> None:
    """Check that TensorFlow is installed.

    Raises
    ------
    RunError
        It is not.
    """
    if not can_train():
        raise RunError(CLASSIFIES_ONLY)
