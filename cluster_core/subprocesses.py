"""Start this package's own modules in other processes."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).parents[1]


def make_environment() -> dict[str, str]:
    """Return this process's environment with this package importable, whatever the folder."""
    places = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
