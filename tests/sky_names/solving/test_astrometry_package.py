"""The package `astrometry`, with a small module in its place."""

from __future__ import annotations

import textwrap

import pytest

from cluster_core.errors import NotSolvedError
from cluster_core.sky_names.position import Pointing
from cluster_core.sky_names.solving import RunLimits
from cluster_core.sky_names.solving.astrometry_package import AstrometryPackage
from tests.sky_names.skies import M13, make_wcs_cards

MODULE = """
import json, time, types
SizeHint = PositionHint = SolutionParameters = lambda *values, **named: (values, named)
Action = types.SimpleNamespace(STOP=0)
CARDS = {cards!r}

class Solver:
    def __init__(self, files):
        pass

    def solve(self, stars, size_hint, position_hint, solution_parameters):
        {body}
        match = types.SimpleNamespace(wcs_fields={{k: (v, "") for k, v in CARDS.items()}})
        return types.SimpleNamespace(
            has_match=lambda: bool(CARDS), best_match=lambda: match
        )
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    def make(cards, body="pass", limits=None):
        text = textwrap.dedent(MODULE).format(cards=cards, body=body)
        (tmp_path / "astrometry.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return AstrometryPackage((), limits or RunLimits(20.0))

    return make


def test_position_is_read_from_the_answer(package, star_picture):
    solver = package(make_wcs_cards(*M13), "assert position_hint == ((10.0, 20.0, 10.0), {})")
    found = solver.solve(star_picture(30), Pointing(10.0, 20.0))
    assert found.to_sky(39.5, 29.5) == pytest.approx(M13, abs=1e-3)


def test_unknown_stars_are_not_recognised(package, star_picture):
    with pytest.raises(NotSolvedError, match="not recognised"):
        package({}).solve(star_picture(30), None)


def test_search_without_end_is_given_up(package, star_picture):
    with pytest.raises(NotSolvedError, match="not recognised in time"):
        package({}, "while True: pass", RunLimits(0.2)).solve(star_picture(30), None)


def test_broken_package_is_one_sentence(package, star_picture):
    with pytest.raises(NotSolvedError, match="The package astrometry failed"):
        package({}, "raise OSError").solve(star_picture(30), None)
