"""What all commands share: one line for an error, a clean stop on Ctrl-C, progress on stderr."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import sys
import time
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import click

from cluster_core.errors import ClusterError

EXIT_ERROR = 1
EXIT_STOPPED = 130
REDRAW_EVERY_S = 0.1


# Without `readable`, click would refuse what may not be read as wrong usage, in its own words.
PATH = click.Path(path_type=Path, readable=False)


def plain_exits(stopped: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """End a command with exit 1 and one line for a ClusterError, 130 and one line for Ctrl-C.

    Parameters
    ----------
    stopped : str
        What the user is told after Ctrl-C: what there is now of the work begun.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(*arguments: Any, **options: Any) -> None:
            logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
            logging.getLogger("cluster_core").setLevel(logging.INFO)
            try:
                command(*arguments, **options)
                sys.stdout.flush()  # a full disk may show here first
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


def end_after_disk_error(error: OSError) -> NoReturn:
    """End the program because results could not be written; silently where nobody reads them."""
    # What could not be written is still in a buffer, which Python would try again at its end.
    with (
        contextlib.suppress(OSError, ValueError),
        open(os.devnull, "w") as nowhere,  # noqa: PTH123 (a device, not a path)
    ):
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # the reader of our output left (`| head`)
        where = error.filename or "the output"
        click.echo(
            f"Error: {where} could not be written or read ({error.strerror or error}): make sure "
            "that the disk has room and that you may use it, then try again.",
            err=True,
        )
    sys.exit(EXIT_ERROR)


def run_as_program(command: click.Command) -> None:
    """Run a command with the chatter of native libraries kept off standard error.

    TensorFlow and LiteRT write notes for their developers to file descriptor 2
    past all settings of Python's; whoever sets TF_CPP_MIN_LOG_LEVEL still gets them.
    What the terminal cannot show of a name, or is no text in it, is written as an escape.
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
    except KeyboardInterrupt:  # before or after the command's own work
        sys.exit(EXIT_STOPPED)


class ProgressLine:
    """One line on standard error that is drawn over; silent where that is no terminal.

    Parameters
    ----------
    beside_rows : bool
        Results go to standard output as they are found. Where that is a terminal
        too, they would be written into the line, so it is not drawn.
    """

    def __init__(self, *, beside_rows: bool = False) -> None:
        self._stage = ""
        self._begin_s = 0.0
        self._drawn_s = 0.0
        self._is_shown = sys.stderr.isatty() and not (beside_rows and sys.stdout.isatty())

    def show(self, stage: str, done: int, total: int) -> None:
        """Draw a stage's bar, its speed and the time left."""
        if not self._is_shown:
            return
        now_s = time.monotonic()
        if stage != self._stage:
            self.clear()
            self._stage, self._begin_s, self._drawn_s = stage, now_s, 0.0
        is_last = done == total
        if now_s - self._drawn_s < REDRAW_EVERY_S and not is_last:
            return
        self._drawn_s = now_s
        click.echo(f"\r\033[K{stage} {self._describe(done, total, now_s)}", err=True, nl=False)

    def clear(self) -> None:
        """Wipe the line, so that something else can be printed."""
        if self._is_shown and self._stage:
            click.echo("\r\033[K", err=True, nl=False)
            self._stage = ""

    def _describe(self, done: int, total: int, now_s: float) -> str:
        if not total:
            return "…"
        n_filled = 20 * done // total
        bar = "█" * n_filled + "░" * (20 - n_filled)
        elapsed_s = now_s - self._begin_s
        if not done or elapsed_s < 1:
            return f"{bar} {done}/{total}"
        speed = done / elapsed_s
        return f"{bar} {done}/{total}, {speed:.0f} a second, {(total - done) / speed:.0f} s left"
