"""Which solver is taken."""

from __future__ import annotations

import importlib.util

import pytest

from cluster_core.sky_names.solving import explain_missing_solver, find_solver, finding
from cluster_core.sky_names.solving.astrometry_package import AstrometryPackage
from cluster_core.sky_names.solving.indexes import VARIABLE
from cluster_core.sky_names.solving.solve_field import SolveField


@pytest.fixture
def charts(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "index-07.fits").touch()
    return tmp_path


def install(monkeypatch, program, package):
    monkeypatch.setattr(finding, "find_program", lambda: program)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: package)


def test_program_is_taken_without_the_package(charts, monkeypatch):
    install(monkeypatch, "/bin/solve-field", None)
    found = find_solver()
    assert isinstance(found, SolveField)
    assert found.indexes == (charts / "index-07.fits",)


def test_package_is_taken_first(charts, monkeypatch):
    install(monkeypatch, "/bin/solve-field", object())
    assert isinstance(find_solver(), AstrometryPackage)


def test_no_solver_is_found_without_either(charts, monkeypatch):
    install(monkeypatch, None, None)
    assert find_solver() is None


def test_solver_without_star_charts_is_none(charts, monkeypatch):
    install(monkeypatch, "/bin/solve-field", object())
    (charts / "index-07.fits").unlink()
    assert find_solver() is None


def test_missing_star_charts_are_reported_with_their_folder(charts, monkeypatch):
    install(monkeypatch, "/bin/solve-field", None)
    monkeypatch.setenv(VARIABLE, "/nowhere")
    assert explain_missing_solver() == (
        "No star charts (index-*.fits) are in /nowhere, so the plate solver cannot be used: "
        f"correct or remove {VARIABLE}."
    )
    monkeypatch.delenv(VARIABLE)
    assert "no star charts were found" in explain_missing_solver()
    install(monkeypatch, None, None)
    assert explain_missing_solver() == finding.HOW_TO_GET_A_SOLVER
