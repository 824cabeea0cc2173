"""Behaviour shared by all commands: one-line errors, a clean stop on Ctrl-C, progress on stderr."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from cluster_core.errors import ClusterError, RunError
from cluster_core.storage.drafts import name_target
from cluster_core.workspace import Workspace

if TYPE_CHECKING:
    from cluster_core.storage.dask_cluster import DaskCluster

EXIT_ERROR = 1
EXIT_STOPPED = 130
REDRAW_EVERY_S = 0.1
NO_PICTURES = (
    "No pictures were found: check the path, and that the files have the ending of a picture, such "
    "as .jpg, .png or .fits."
)


class _NamedPath(click.Path):
    """A path that is not empty: Python takes an empty one for the current folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        if not os.fspath(value):
            self.fail("the path is empty; name a file or folder, or . for this one.", param, ctx)
        return super().convert(value, param, ctx)


# With click's own check, an unreadable file would count as wrong usage, with click's message.
PATH = _NamedPath(path_type=Path, readable=False)
DASK = click.option(
    "--dask",
    "scheduler",
    metavar="ADDRESS",
    help="Work on the computers of the Dask cluster with this scheduler, such as "
    "tcp://192.168.0.7:8786.",
)


def plain_exits(stopped: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a decorator that ends a command with one line instead of a traceback.

    The exit code is 1 after a ClusterError or an OSError, 130 after Ctrl-C.

    Parameters
    ----------
    stopped : str
        Sentence shown after Ctrl-C: what is left of the unfinished work.

    Returns
    -------
    callable
        Decorator for the function of a click command.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(*arguments: Any, **options: Any) -> None:
            logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
            logging.getLogger("cluster_core").setLevel(logging.INFO)
            _remove_abandoned_imports()
            try:
                command(*arguments, **options)
                sys.stdout.flush()  # may be the first call to notice a full disk
            except ClusterError as error:
                click.echo(f"Error: {error}", err=True)
                sys.exit(EXIT_ERROR)
            except KeyboardInterrupt:
                click.echo(f"\nStopped. {stopped}", err=True)
                sys.exit(EXIT_STOPPED)
            except OSError as error:
                end_after_disk_error(error)

        return run

    return decorate


def _remove_abandoned_imports() -> None:
    """Delete what a killed app unpacked, which can be hundreds of megabytes."""
    workspace = Workspace.default()
    if workspace.incoming.is_dir():
        from cluster_core.data.archives.interrupted import remove_abandoned_imports

        remove_abandoned_imports(workspace)


def end_after_disk_error(error: OSError) -> NoReturn:
    """Exit with 1 and one line about a failed write, silent if the reader closed the pipe.

    Parameters
    ----------
    error : OSError
        The failure; its `filename`, if set, is named in the message.
    """
    # Unwritten output is still buffered, and Python would try to flush it again at exit.
    with (
        contextlib.suppress(OSError, ValueError),
        open(os.devnull, "w") as nowhere,  # noqa: PTH123 (a device, not a path)
    ):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # the reader closed the pipe (`| head`)
        name = error.filename or "the output"
        where = name_target(name) if isinstance(name, str) else name
        click.echo(
            f"Error: {where} could not be written or read ({error.strerror or error}): check "
            "permissions and free disk space, then try again.",
            err=True,
        )
    sys.exit(EXIT_ERROR)


@contextlib.contextmanager
def connecting(scheduler: str | None) -> Iterator[DaskCluster | None]:
    """Yield a connection to a Dask cluster; None without the address of its scheduler.

    Raises
    ------
    RunError
        Dask is not installed, or the cluster cannot be used.
    """
    if scheduler is None:
        yield None
        return
    try:
        from cluster_core.storage.dask_cluster import DaskCluster
    except ImportError as error:
        raise RunError(
            'Work on a cluster needs Dask: run `pip install "cluster-lab[dask]"`, then try again.'
        ) from error
    with DaskCluster(scheduler) as cluster:
        yield cluster


def run_as_program(command: click.Command) -> None:
    """Run a command, with the notes of native libraries kept off standard error.

    TensorFlow and LiteRT write developer notes straight to file descriptor 2, which
    Python's logging cannot silence; setting TF_CPP_MIN_LOG_LEVEL lets them through.
    Characters that the terminal cannot encode are written as escapes.

    Parameters
    ----------
    command : click.Command
        The command; its arguments are those of the process.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        sys.stderr.flush()
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, errors="backslashreplace")
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123 (a device, not a path)
            os.dup2(nowhere.fileno(), 2)
    try:
        command()
    except KeyboardInterrupt:  # outside the command's own handler
        sys.exit(EXIT_STOPPED)


def become_program(command: list[str]) -> NoReturn:
    """Replace this process by another program, which gets the real standard error.

    Parameters
    ----------
    command : list of str
        Path of the program, then its arguments.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(sys.stderr.fileno(), 2)  # undoes what `run_as_program` did to it
    os.execv(command[0], command)  # noqa: S606 (only called with our own interpreter)


class ProgressLine:
    """A progress line on standard error, redrawn in place; silent if that is not a terminal.

    Parameters
    ----------
    beside_rows : bool
        Whether the command prints results to standard output as it goes. If that is
        a terminal too, the line would get mixed up with them, so it is not drawn.
    """

    def __init__(self, *, beside_rows: bool = False) -> None:
        self._stage = ""
        self._started_s = 0.0
        self._drawn_s = 0.0
        self._is_shown = sys.stderr.isatty() and not (beside_rows and sys.stdout.isatty())

    def show(self, stage: str, done: int, total: int) -> None:
        """Draw the progress of a stage: bar, speed and time left.

        Parameters
        ----------
        stage : str
            Name of the stage, such as "Reading pictures".
        done, total : int
            Finished and total number of items; a `total` of 0 means unknown.
        """
        if not self._is_shown:
            return
        now_s = time.monotonic()
        if stage != self._stage:
            self.clear()
            self._stage, self._started_s, self._drawn_s = stage, now_s, 0.0
        is_last = done == total
        if now_s - self._drawn_s < REDRAW_EVERY_S and not is_last:
            return
        self._drawn_s = now_s
        click.echo(f"\r\033[K{stage} {self._describe(done, total, now_s)}", err=True, nl=False)

    def clear(self) -> None:
        """Erase the line, so that something else can be printed."""
        if self._is_shown and self._stage:
            click.echo("\r\033[K", err=True, nl=False)
            self._stage = ""

    def _describe(self, done: int, total: int, now_s: float) -> str:
        if not total:
            return f"… {done:,}" if done else "…"
        n_filled = 20 * done // total
        bar = "█" * n_filled + "░" * (20 - n_filled)
        elapsed_s = now_s - self._started_s
        if not done or elapsed_s < 1:
            return f"{bar} {done}/{total}"
        speed = done / elapsed_s
        return f"{bar} {done}/{total}, {speed:.0f} per second, {(total - done) / speed:.0f} s left"
