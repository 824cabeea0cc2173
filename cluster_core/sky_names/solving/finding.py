"""Find the plate solver that is installed on this computer."""

from __future__ import annotations

import importlib.util
import os
import shutil

from cluster_core.sky_names.solving.astrometry_package import PACKAGE, AstrometryPackage
from cluster_core.sky_names.solving.indexes import VARIABLE, find_index_files
from cluster_core.sky_names.solving.solve_field import PROGRAM, SolveField
from cluster_core.sky_names.solving.solver import RunLimits, Solver

HOW_TO_GET_A_SOLVER = (
    "No plate solver was found, so only the header and the file name can say which object this is. "
    "On Debian or Ubuntu: sudo apt install astrometry.net astrometry-data-tycho2."
)


def find_program() -> str | None:
    """Return the path of the program `solve-field`, or None."""
    return shutil.which(PROGRAM)


def find_solver(limits: RunLimits | None = None) -> Solver | None:
    """Return the installed solver: the package `astrometry`, or `solve-field`, or None.

    The package is asked first because it takes a tenth of the time. Either needs star charts; see
    `find_index_files`.

    Parameters
    ----------
    limits : RunLimits, optional
        When to stop it; after 3 s by default.
    """
    limits, indexes = limits or RunLimits(), find_index_files()
    if not indexes:
        return None
    if importlib.util.find_spec(PACKAGE) is not None:
        return AstrometryPackage(indexes, limits)
    program = find_program()
    return None if program is None else SolveField(program, indexes, limits)


def explain_missing_solver() -> str:
    """Return why `find_solver` finds none, and what to do, as sentences."""
    if importlib.util.find_spec(PACKAGE) is None and find_program() is None:
        return HOW_TO_GET_A_SOLVER
    if folders := os.environ.get(VARIABLE):
        return (
            f"No star charts (index-*.fits) are in {folders}, so the plate solver cannot be used: "
            f"correct or remove {VARIABLE}."
        )
    return (
        "A plate solver is installed, but no star charts were found. "
        "On Debian or Ubuntu: sudo apt install astrometry-data-tycho2."
    )
