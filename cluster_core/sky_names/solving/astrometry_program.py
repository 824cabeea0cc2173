"""Program of its own: solve one request with the package `astrometry`, and print its WCS."""

from __future__ import annotations

import json
import math
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster_core.subprocesses import limit_memory

_MEMORY_BYTES = 4 << 30
_STARS_AT_ONCE = 30
_MIN_ODDS = 1e9  # that a match is not chance, as solve-field asks for


def main(request_file: str) -> None:
    """Print the cards of the WCS as JSON, or null if the stars were not recognised."""
    request = json.loads(Path(request_file).read_text())
    limit_memory(_MEMORY_BYTES)
    _print(_solve(request))


def _solve(request: dict[str, Any]) -> dict[str, Any] | None:
    import astrometry

    solver = astrometry.Solver([Path(path) for path in request["indexes"]])
    _limit_time(request["time_limit_s"])
    place = request["place"]
    solution = solver.solve(
        stars=request["stars"],
        size_hint=astrometry.SizeHint(*request["scale_arcsec_px"]),
        position_hint=astrometry.PositionHint(*place) if place else None,
        solution_parameters=astrometry.SolutionParameters(
            sip_order=0,
            tune_up_logodds_threshold=None,
            output_logodds_threshold=math.log(_MIN_ODDS),
            slices_generator=_slice_stars,
            logodds_callback=lambda _: astrometry.Action.STOP,
        ),
    )
    if not solution.has_match():
        return None
    return {key: value for key, (value, _) in solution.best_match().wcs_fields.items()}


def _slice_stars(n_stars: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of stars to search, 30 at once, without a rest of too few."""
    for start in range(0, max(n_stars - 3, 1), _STARS_AT_ONCE):
        yield start, min(start + _STARS_AT_ONCE, n_stars)


def _limit_time(processor_s: float) -> None:
    """End this process after some seconds of work, where the system can: the package has no limit.

    Time in which other programs use the processor does not count, as with solve-field.
    """
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, processor_s)


def _print(cards: dict[str, Any] | None) -> None:
    sys.stdout.write(f"{json.dumps(cards)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
