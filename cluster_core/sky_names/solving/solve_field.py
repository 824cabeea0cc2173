"""Solve with Astrometry.net's program `solve-field` (Lang et al. 2010)."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.solving.indexes import describe_files
from cluster_core.sky_names.solving.solver import (
    NOT_RECOGNISED,
    RADIUS_DEG,
    RunLimits,
    limit_scale,
    make_folder,
    read_position,
    run_solver,
)
from cluster_core.sky_names.solving.stars import StarField, find_stars

PROGRAM = "solve-field"
# Only the stars are handed over, and only the position comes back.
_FLAGS = (
    *("--no-plots", "--no-remove-lines", "--no-tweak", "--crpix-center", "--overwrite"),
    *("--uniformize", "0", "--depth", "1-30", "--x-column", "X", "--y-column", "Y"),
    *("--new-fits", "none", "--match", "none", "--rdls", "none", "--corr", "none"),
    *("--index-xyls", "none", "--scale-units", "arcsecperpix"),
)


@dataclass(frozen=True)
class SolveField:
    """The program `solve-field`.

    Attributes
    ----------
    program : str
        Its path.
    indexes : tuple of Path
        The star charts to compare with.
    limits : RunLimits
    """

    program: str
    indexes: tuple[Path, ...]
    limits: RunLimits = field(default_factory=RunLimits)

    @cached_property
    def identity(self) -> str:
        """The state of the program's file and its star charts; see `Solver.identity`."""
        status = Path(self.program).stat()
        version = f"{status.st_size} {status.st_mtime_ns}"  # asking it would start it
        return f"{PROGRAM} {describe_files(version, self.indexes)}"

    def solve(self, picture: NDArray[np.generic], hints: Pointing | None) -> SkyPosition:
        """Find where in the sky a picture is; see `Solver.solve`.

        Raises
        ------
        NotSolvedError
            The stars were not recognised, or the program could not be run.
        """
        stars = find_stars(picture)
        with make_folder() as folder:
            _write_stars(stars, folder / "stars.fits")
            (folder / "charts.cfg").write_text(_configure(self.indexes))
            command = [self.program, str(folder / "stars.fits"), *self._list_options(stars, hints)]
            run_solver(command, PROGRAM, folder, self.limits)
            return read_position(_read_cards(folder / "stars.wcs"), stars)

    def _list_options(self, stars: StarField, hints: Pointing | None) -> list[str]:
        low, high = limit_scale(hints, stars.width)
        options = {
            "--width": stars.width,
            "--height": stars.height,
            "--scale-low": low,
            "--scale-high": high,
            "--cpulimit": math.ceil(self.limits.time_limit_s),
            "--config": "charts.cfg",
            "--temp-dir": ".",
        }
        if hints is not None:
            options |= {"--ra": hints.ra_deg, "--dec": hints.dec_deg, "--radius": RADIUS_DEG}
        return [*_FLAGS, *(str(part) for pair in options.items() for part in pair)]


def _configure(indexes: tuple[Path, ...]) -> str:
    """Let all star charts be compared at once: one after the other takes ten times as long."""
    folders = dict.fromkeys(path.parent for path in indexes)
    return "\n".join(["inparallel", *(f"add_path {folder}" for folder in folders), "autoindex", ""])


def _write_stars(stars: StarField, path: Path) -> None:
    """Write the stars as a FITS table, in which pixels count from 1."""
    from astropy.io import fits

    columns = [
        fits.Column(name=name, format="E", array=stars.xy[:, axis] + 1)
        for axis, name in enumerate("XY")
    ]
    fits.BinTableHDU.from_columns(columns).writeto(path)


def _read_cards(path: Path) -> list[tuple[str, Any]]:
    """Return the cards of the solution's header."""
    from astropy.io import fits
    from astropy.io.fits.verify import VerifyError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a damaged header has no position
            header = fits.Header.fromstring(path.read_bytes())
            return [(card.keyword, card.value) for card in header.cards]
    except (OSError, ValueError, VerifyError) as error:
        raise NotSolvedError(NOT_RECOGNISED) from error
