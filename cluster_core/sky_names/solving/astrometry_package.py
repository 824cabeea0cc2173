"""Solve with the Python package `astrometry`, which contains Astrometry.net's solver."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.solving.indexes import describe_files
from cluster_core.sky_names.solving.solver import (
    RADIUS_DEG,
    RunLimits,
    limit_scale,
    make_folder,
    read_position,
    run_solver,
)
from cluster_core.sky_names.solving.stars import StarField, find_stars
from cluster_core.subprocesses import make_command

PACKAGE = "astrometry"
_PROGRAM = "cluster_core.sky_names.solving.astrometry_program"


@dataclass(frozen=True)
class AstrometryPackage:
    """The package `astrometry`, in a process of its own because its search cannot be interrupted.

    Attributes
    ----------
    indexes : tuple of Path
        The star charts to compare with.
    limits : RunLimits
    """

    indexes: tuple[Path, ...]
    limits: RunLimits = field(default_factory=RunLimits)

    @cached_property
    def identity(self) -> str:
        """The version of the package and its star charts; see `Solver.identity`."""
        version = importlib.metadata.version(PACKAGE)
        return f"{PACKAGE} {describe_files(version, self.indexes)}"

    def solve(self, picture: NDArray[np.generic], hints: Pointing | None) -> SkyPosition:
        """Find where in the sky a picture is; see `Solver.solve`.

        Raises
        ------
        NotSolvedError
            The stars were not recognised, or the process did not end well.
        """
        stars = find_stars(picture)
        with make_folder() as folder:
            request = folder / "request.json"
            request.write_text(json.dumps(self._describe(stars, hints)))
            command = make_command(_PROGRAM, str(request))
            answer = run_solver(command, f"The package {PACKAGE}", folder, self.limits)
        return read_position(_read_cards(answer).items(), stars)

    def _describe(self, stars: StarField, hints: Pointing | None) -> dict[str, object]:
        return {
            "indexes": [str(path) for path in self.indexes],
            "stars": stars.xy.tolist(),
            "scale_arcsec_px": limit_scale(hints, stars.width),
            "place": [hints.ra_deg % 360, hints.dec_deg, RADIUS_DEG] if hints else None,
            "time_limit_s": self.limits.time_limit_s,
        }


def _read_cards(answer: str) -> dict[str, Any]:
    """Return the cards in the last line of the output; empty if it says nothing."""
    try:
        cards = json.loads(answer.strip().rpartition("\n")[2])
    except ValueError:
        return {}
    return cards if isinstance(cards, dict) else {}
