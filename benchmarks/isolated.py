"""Run each contender in its own process, so that none benefits from another's warm-up."""

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
# Linux reports peak resident memory in KiB, macOS in bytes.
BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024
PROJECT = Path(__file__).resolve().parents[1]


def run_isolated(contender: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    """Call a contender in a fresh interpreter.

    Parameters
    ----------
    contender : callable
        A module-level function that returns its measurements.
    **arguments
        Its arguments, which JSON must support.

    Returns
    -------
    dict
        The measurements, and `peak_mb`, the peak memory of the process in MB.

    Raises
    ------
    SystemExit
        If the contender fails, with the end of its error output.
    """
    spec = sys.modules[contender.__module__].__spec__  # names a module that runs as __main__
    function = f"{spec.name if spec else contender.__module__}:{contender.__qualname__}"
    outcome = subprocess.run(
        [sys.executable, "-m", "benchmarks.isolated", function, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    for line in outcome.stdout.splitlines():
        if line.startswith(RESULT_MARK):
            measured: dict[str, Any] = json.loads(line.removeprefix(RESULT_MARK))
            return measured
    sys.exit(f"{function} failed:\n{outcome.stderr[-3000:]}")


def main() -> None:
    """Run a contender in the process that `run_isolated` started."""
    function, arguments = sys.argv[1:]
    module, name = function.split(":")
    measured = getattr(importlib.import_module(module), name)(**json.loads(arguments))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT
    print(RESULT_MARK + json.dumps(measured | {"peak_mb": peak / 1e6}))


if __name__ == "__main__":
    main()
