"""Find out where in the sky a field is: from its header, or by recognising its stars."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.headers import read_sky_header
from cluster_core.wide_fields.field import WideField

if TYPE_CHECKING:
    from cluster_core.sky_names.solving import Solver

# The brightest stars are enough, and are there in a reduced picture.
_SOLVED_SIDE_PX = 2048


def locate_field(
    field: WideField, data: bytes, solver: Solver | None
) -> tuple[WideField, str | None]:
    """Add the position to a field.

    Parameters
    ----------
    field : WideField
    data : bytes
        Content of its file.
    solver : Solver or None
        What recognises the stars if the header does not say the position; None to leave it.

    Returns
    -------
    field : WideField
        Without a position if none was found.
    problem : str or None
        Why there is none, as sentences, if there is more to say than that.

    Raises
    ------
    RunError
        The solver was stopped, or had no turn.
    """
    header = read_sky_header(data, field.name)
    if header is not None and header.position is not None:
        return replace(field, position=header.position.resized(*field.size)), None
    problem = header.problem if header is not None else None
    if solver is None:
        return field, problem
    picture = _shrink(field.pixels)
    hints = header.scale_pointing(picture.shape[1]) if header is not None else None
    try:
        position = solver.solve(picture, hints)
    except NotSolvedError as error:
        return field, " ".join(filter(None, (problem, str(error))))
    return replace(field, position=position.resized(*field.size)), None


def _shrink(pixels: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(pixels)
    picture.thumbnail((_SOLVED_SIDE_PX, _SOLVED_SIDE_PX), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(picture)
