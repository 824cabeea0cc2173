"""Where in the sky a field is, and why that is unknown."""

from __future__ import annotations

import numpy as np

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.solving import RunLimits
from cluster_core.sky_names.solving.solver import NOT_RECOGNISED
from cluster_core.wide_fields import WideField, locate_field
from tests.sky_names.skies import M13, make_fits, make_wcs_cards


class Blind:
    """A solver that recognises nothing."""

    identity = "blind"
    limits = RunLimits()

    def solve(self, picture, hints):
        raise NotSolvedError(NOT_RECOGNISED)


def test_problem_of_the_header_comes_before_that_of_the_stars():
    data = make_fits(**make_wcs_cards(*M13, CRVAL1="16:41:41"))
    field = WideField("field.fits", np.zeros((60, 80, 3), np.uint8))
    located, problem = locate_field(field, data, Blind())
    assert located.position is None
    assert problem == (
        "The sky coordinates of this picture cannot be used: the card CRVAL1 of its header is not "
        f"a number. {NOT_RECOGNISED}"
    )
