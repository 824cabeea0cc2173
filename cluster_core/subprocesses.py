"""Start this package's own modules in other processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).parents[1]
_POLL_S = 0.1
_HAS_GROUPS = os.name == "posix"


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


def run_limited(
    command: list[str],
    timeout_s: float,
    is_stopped: Callable[[], bool] = lambda: False,
    *,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command, and kill it when it takes too long or is not wanted any more.

    The processes that it started are killed with it, where the system knows process groups.

    Parameters
    ----------
    command : list of str
        From `make_command`, or another program with its arguments.
    timeout_s : float
        Seconds until it is killed.
    is_stopped : callable, optional
        Polled while the command runs; it is killed once this returns True or raises.
    folder : Path, optional
        Where the command runs.

    Returns
    -------
    CompletedProcess
        With the text of both outputs. The exit code of a killed command is negative.

    Raises
    ------
    OSError
        The command cannot be started.
    """
    deadline_s = time.monotonic() + timeout_s
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=make_environment(),
        cwd=folder,
        process_group=0 if _HAS_GROUPS else None,
    ) as process:
        try:
            while True:
                try:
                    output, errors = process.communicate(timeout=_POLL_S)
                    return subprocess.CompletedProcess(command, process.returncode, output, errors)
                except subprocess.TimeoutExpired:
                    if is_stopped() or time.monotonic() > deadline_s:
                        _kill(process)
        except BaseException:
            _kill(process)  # otherwise leaving the block would wait for its end
            raise


def _kill(process: subprocess.Popen[str]) -> None:
    if not _HAS_GROUPS:
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(process.pid, signal.SIGKILL)


def limit_memory(n_bytes: int) -> None:
    """Limit the address space of this process, where the system can; it dumps no core either."""
    if os.name != "posix":
        return
    import resource

    for kind, limit in ((resource.RLIMIT_AS, n_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):  # the limit is lower already
            resource.setrlimit(kind, (limit, limit))
