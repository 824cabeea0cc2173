"""Programs that solve, fail, hang, are killed or are missing, each with one sentence."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from astropy.io import fits

from cluster_core.errors import NotSolvedError, RunError
from cluster_core.sky_names.position import Pointing
from cluster_core.sky_names.solving import RunLimits, solver
from cluster_core.sky_names.solving.solve_field import SolveField
from tests.sky_names.skies import M13, make_wcs_cards

# A program whose child holds its outputs open, as solve-field's own child does.
HANG = """
import subprocess
subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def test_position_is_read_from_the_solution(fake_solver, star_picture):
    header = fits.Header(make_wcs_cards(*M13))
    text = header.tostring(padding=True)
    found = fake_solver(f"open('stars.wcs', 'w').write({text!r})").solve(star_picture(30), None)
    assert found.to_sky(39.5, 29.5) == pytest.approx(M13, abs=1e-3)
    assert found.scale_arcsec_px == pytest.approx(18, rel=1e-3)
    assert (found.width, found.height) == (300, 200)


def test_stars_and_hints_are_passed_without_the_picture(fake_solver, star_picture, tmp_path):
    copy = tmp_path / "seen"
    code = f"""
import shutil
shutil.copytree(".", {str(copy)!r})
open({str(copy / "arguments")!r}, "w").write("\\n".join(sys.argv[1:]))
"""
    with pytest.raises(NotSolvedError, match="not recognised"):
        fake_solver(code).solve(star_picture(30), Pointing(10.0, -20.0, 2.6))
    arguments = (copy / "arguments").read_text().split("\n")
    assert arguments[arguments.index("--dec") + 1] == "-20.0"
    assert float(arguments[arguments.index("--scale-low") + 1]) == pytest.approx(2.0)
    assert len(fits.getdata(copy / "stars.fits")) > 20
    assert f"add_path {tmp_path / 'charts'}" in (copy / "charts.cfg").read_text()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "The stars of this picture were not recognised."),
        ("open('stars.wcs', 'w').write('no header')", "not recognised"),
        ("sys.exit(255)", "solve-field failed; try it on this picture in a terminal to see why."),
        ("os.kill(os.getpid(), 9)", 'stopped unexpectedly: solve-field ended with "Killed"'),
        ("os.kill(os.getpid(), 11)", 'stopped unexpectedly: .* "Segmentation fault"'),
        ("os.kill(os.getpid(), 24)", "The stars of this picture were not recognised in time."),
    ],
)
def test_failure_is_one_sentence(fake_solver, star_picture, code, sentence):
    with pytest.raises(NotSolvedError, match=sentence):
        fake_solver(code).solve(star_picture(30), None)


def test_hanging_program_is_killed_with_its_children(fake_solver, star_picture):
    with pytest.raises(NotSolvedError, match="in time"):
        fake_solver(HANG, RunLimits(-0.5)).solve(star_picture(30), None)


def test_stopped_search_ends_and_is_no_answer(fake_solver, star_picture):
    with pytest.raises(RunError, match="stopped"):
        fake_solver(HANG, RunLimits(is_stopped=lambda: True)).solve(star_picture(30), None)


def test_missing_program_is_reported(star_picture, tmp_path):
    with pytest.raises(NotSolvedError, match="solve-field cannot be started"):
        SolveField(str(tmp_path / "none"), ()).solve(star_picture(30), None)


def test_folders_that_a_killed_search_left_are_removed(
    fake_solver, star_picture, tmp_path, monkeypatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "cluster-lab-stars-left"
    left.mkdir()
    monkeypatch.setattr(solver, "_LEFT_OVER_AFTER_S", -1.0)
    with pytest.raises(NotSolvedError):
        fake_solver("").solve(star_picture(30), None)
    assert not list(Path(tmp_path).glob("cluster-lab-stars-*"))
