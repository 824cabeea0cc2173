"""Start this package's own modules in other processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).parents[1]


def make_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of this package with this Python.

    `-P` keeps modules in the current folder from taking the place of installed ones.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def make_environment() -> dict[str, str]:
    """Return the environment variables for `make_command`.

    In a source tree PYTHONPATH gets the tree's root, so that the package is found from any
    folder. An installed package is found anyway, and its folder on PYTHONPATH would put all
    installed packages ahead of the standard library.
    """
    if not (_PACKAGE_PARENT / "pyproject.toml").is_file():
        return dict(os.environ)
    places = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))}
