"""Run a contender in a process of its own, so that none profits from another's warm-up."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULT_MARK = "benchmark result: "
# Linux counts the peak of resident memory in KiB, macOS in bytes.
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
PROJECT = Path(__file__).resolve().parents[1]


def run_isolated(contender: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    """Call a contender in a fresh interpreter.

    Parameters
    ----------
    contender : callable
        A module's function, which returns what it measured.
    **arguments
        As JSON takes them.

    Returns
    -------
    dict
        What it returned, and `peak_mb`, the most memory its process held.
    """
    where = f"{contender.__module__}:{contender.__qualname__}"
    outcome = subprocess.run(
        [sys.executable, "-m", "benchmarks.isolated", where, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    for line in outcome.stdout.splitlines():
        if line.startswith(RESULT_MARK):
            found: dict[str, Any] = json.loads(line.removeprefix(RESULT_MARK))
            return found
    sys.exit(f"{where} failed:\n{outcome.stderr[-3000:]}")


def main() -> None:
    """Run one contender, in the process that `run_isolated` started."""
    where, arguments = sys.argv[1:]
    module, name = where.split(":")
    measured = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT
    print(RESULT_MARK + json.dumps(measured | {"peak_mb": peak / 1e6}))


if __name__ == "__main__":
    main()
