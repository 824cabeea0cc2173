"""What every plate solver does, and what the solvers here share."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import NotSolvedError, PositionError, RunError
from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.solving.stars import StarField
from cluster_core.subprocesses import run_limited

TIME_LIMIT_S = 3.0
STARTING_S = 6.0  # a busy computer takes time to start a program and to read its star charts
NOT_RECOGNISED = "The stars of this picture were not recognised."
NOT_IN_TIME = "The stars of this picture were not recognised in time."
STOPPED = "The search was stopped."
_PREFIX = "cluster-lab-stars-"
_LEFT_OVER_AFTER_S = 3600.0
# By which a program ends itself once it has used its time on the processor.
_TIME_SIGNALS = ("SIGPROF", "SIGXCPU")
_FIELD_WIDTHS_DEG = (0.15, 30.0)
_SCALE_TOLERANCE = 1.3  # of the scale that a header gives: binned and resized pictures are off
RADIUS_DEG = 10.0  # around the place that a header gives


class Solver(Protocol):
    """A plate solver: it finds where in the sky a picture is from the pattern of its stars.

    Attributes
    ----------
    identity : str
        Differs between solvers, their versions, and sets of star charts: another one may recognise
        what this one does not.
    limits : RunLimits
        When it gives up.
    """

    @property
    def identity(self) -> str:
        """What its answers depend on, beside the picture and the time."""

    @property
    def limits(self) -> RunLimits:
        """When it gives up."""

    def solve(self, picture: NDArray[np.generic], hints: Pointing | None) -> SkyPosition:
        """Find where in the sky a picture is.

        Parameters
        ----------
        picture : ndarray
            Shape (height, width) or (height, width, 3), uint8 or float.
        hints : Pointing or None
            Where the picture is by its header, with the scale of `picture`, if known.

        Raises
        ------
        NotSolvedError
            The stars were not recognised, or the solver could not be run.
        RunError
            It was stopped.
        """


@dataclass(frozen=True)
class RunLimits:
    """When a solver's process is to end.

    Attributes
    ----------
    time_limit_s : float
        Seconds of a processor that the search may take.
    is_stopped : callable
        Polled meanwhile; the process is killed once it returns True.
    """

    time_limit_s: float = TIME_LIMIT_S
    is_stopped: Callable[[], bool] = lambda: False


@contextlib.contextmanager
def make_folder() -> Iterator[Path]:
    """Yield a temporary folder for one picture, and remove those that killed programs left."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process removes it, or it is not ours
            if time.time() - left.lstat().st_mtime > _LEFT_OVER_AFTER_S:
                shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        yield Path(name)


def run_solver(command: list[str], name: str, folder: Path, limits: RunLimits) -> str:
    """Run a solver's program in a temporary folder, and return its standard output.

    Raises
    ------
    NotSolvedError
        It cannot be started, failed, crashed or was killed, or took too long.
    RunError
        It was stopped.
    """
    longest_s, start_s = limits.time_limit_s + STARTING_S, time.monotonic()
    try:
        ended = run_limited(command, longest_s, limits.is_stopped, folder=folder)
    except OSError as error:
        raise NotSolvedError(f"{name} cannot be started; install it again.") from error
    if limits.is_stopped():
        raise RunError(STOPPED)
    if not ended.returncode:
        return ended.stdout
    if time.monotonic() - start_s > longest_s or _name_signal(ended.returncode) in _TIME_SIGNALS:
        raise NotSolvedError(NOT_IN_TIME)
    if ended.returncode < 0:
        reason = signal.strsignal(-ended.returncode) or f"signal {-ended.returncode}"
        raise NotSolvedError(
            f'The plate solver stopped unexpectedly: {name} ended with "{reason}"; try again, or '
            "install it again."
        )
    raise NotSolvedError(f"{name} failed; try it on this picture in a terminal to see why.")


def _name_signal(exit_code: int) -> str:
    """Return the signal that ended a program, such as "SIGKILL", or an empty text."""
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return ""


def read_position(cards: Iterable[tuple[str, Any]], stars: StarField) -> SkyPosition:
    """Return the position that the FITS cards of a solver's WCS say.

    Raises
    ------
    NotSolvedError
        There are no cards, or they are no position.
    """
    from astropy.io import fits
    from astropy.wcs import WCS

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the header of a damaged solution is refused below
            wcs = WCS(fits.Header(cards))
            return SkyPosition.from_wcs(wcs, stars.width, stars.height, flipped=False)
    except (PositionError, ValueError) as error:
        raise NotSolvedError(NOT_RECOGNISED) from error


def limit_scale(hints: Pointing | None, width: int) -> tuple[float, float]:
    """Return the least and the greatest side of a pixel in arcseconds that is searched for.

    Parameters
    ----------
    hints : Pointing or None
    width : int
        Of the picture in pixels.
    """
    if hints is not None and hints.scale_arcsec_px:
        return hints.scale_arcsec_px / _SCALE_TOLERANCE, hints.scale_arcsec_px * _SCALE_TOLERANCE
    return _FIELD_WIDTHS_DEG[0] * 3600 / width, _FIELD_WIDTHS_DEG[1] * 3600 / width
