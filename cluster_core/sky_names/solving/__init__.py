"""Recognise the stars of a picture with an installed plate solver, in a process of its own."""

from cluster_core.sky_names.solving.finding import explain_missing_solver, find_solver
from cluster_core.sky_names.solving.sharing import find_shared_solver
from cluster_core.sky_names.solving.solver import STARTING_S, TIME_LIMIT_S, RunLimits, Solver

__all__ = [
    "STARTING_S",
    "TIME_LIMIT_S",
    "RunLimits",
    "Solver",
    "explain_missing_solver",
    "find_shared_solver",
    "find_solver",
]
