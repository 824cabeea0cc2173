"""`classify --identify` and `label --identify`: the objects in pictures beside the answers."""

from __future__ import annotations

import csv
import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from cluster_core import classify, label_image
from cluster_core.errors import NotSolvedError
from cluster_core.sky_names import cache
from cluster_core.sky_names.plane import UNUSABLE
from cluster_core.sky_names.solving.solver import NOT_RECOGNISED
from tests.sky_names.skies import M13, make_fits, make_wcs_cards

COLUMNS = ["object", "catalogue_type", "ra_deg", "dec_deg", "scale_arcsec_px", "sky_problem"]

CONTRADICTORY = (
    f"{UNUSABLE} its header is contradictory, such as a scale of zero or a place beyond a pole."
)


class Blind:
    """A solver that recognises nothing, and counts."""

    n_asked = 0
    identity = "blind"

    def solve(self, picture, hints):
        Blind.n_asked += 1
        raise NotSolvedError(NOT_RECOGNISED)


@pytest.fixture
def night(tmp_path, workspace, monkeypatch):
    """Pictures with and without an object, and a solver that recognises none."""
    monkeypatch.setattr(cache, "find_solver", Blind)
    Blind.n_asked = 0
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "a.fits").write_bytes(make_fits(**make_wcs_cards(*M13)))
    noise = np.random.default_rng(0).integers(0, 60, (64, 64, 3)).astype(np.uint8)
    for name in ("M45.png", "light.png"):
        Image.fromarray(noise).save(folder / name)
    return folder


def run(command, *arguments):
    return CliRunner().invoke(command, list(map(str, arguments)))


def read_rows(result):
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(result.stdout.splitlines()))


def test_columns_name_the_objects_after_all_others(night):
    plain, named = run(classify.main, night), run(classify.main, night, "--identify")
    before = plain.stdout.splitlines()[0].split(",")
    assert named.stdout.splitlines()[0].split(",") == [*before, *COLUMNS]
    rows = {row["path"].rpartition("/")[2]: row for row in read_rows(named)}
    a, m45, light = (rows[name] for name in ("a.fits", "M45.png", "light.png"))
    assert a["object"].startswith("M 13")
    assert a["catalogue_type"] == "globular cluster"
    assert [float(a[key]) for key in COLUMNS[2:5]] == pytest.approx([*M13, 18.0], rel=1e-3)
    assert [m45[key] for key in COLUMNS] == ["M 45", "open cluster", "", "", "", ""]
    assert [light[key] for key in COLUMNS] == [*[""] * 5, NOT_RECOGNISED]
    assert f"2 of 3 pictures named\n1 picture ({light['path']}): {NOT_RECOGNISED}\n" in named.stderr


def test_unsolved_pictures_are_not_asked_again(night):
    for _ in range(2):
        read_rows(run(classify.main, night, "--identify"))
    assert Blind.n_asked == 1


def test_contradiction_is_said_plainly(night):
    errors = run(classify.main, night / "M45.png", "--identify").stderr
    assert "M45.png: M 45, an open cluster; the model says " in errors
    assert "They disagree." in errors


def test_reasons_are_summed_up_with_pictures_and_stay_in_the_table(night):
    for number in range(4):
        broken = make_wcs_cards(*M13, CD1_1=0.0, CD2_2=0.0, TELESCOP=f"{number}")
        (night / f"broken{number}.fits").write_bytes(make_fits(**broken))
    result = run(classify.main, night, "--identify")
    reason = f"{CONTRADICTORY} {NOT_RECOGNISED}"
    rows = [row for row in read_rows(result) if "broken" in row["path"]]
    assert [row["sky_problem"] for row in rows] == [reason] * 4
    paths = ", ".join(row["path"] for row in rows[:3])
    assert f"4 pictures ({paths}, …): {reason}\n1 picture (" in result.stderr


def test_place_of_the_telescope_is_in_the_table(night):
    place: dict[str, Any] = {"OBJECT": "M 13", "OBJCTRA": "16 41 41.64", "OBJCTDEC": "36 27 40.7"}
    (night / "named.fits").write_bytes(make_fits(**place))
    (row,) = read_rows(run(classify.main, night / "named.fits", "--identify"))
    assert row["object"] == "M 13"
    assert [float(row[key]) for key in ("ra_deg", "dec_deg")] == pytest.approx(M13, abs=1e-3)
    assert row["scale_arcsec_px"] == ""


def test_json_has_the_same_values(night):
    lines = run(classify.main, night / "a.fits", "--identify", "--json").stdout.splitlines()
    record = json.loads(lines[0])
    assert list(record)[-6:] == COLUMNS
    labelled = json.loads(
        run(label_image.main, "--image", night / "a.fits", "--identify", "--json").stdout
    )
    assert [labelled[key] for key in COLUMNS] == [record[key] for key in COLUMNS]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.fits", "M 13, a globular cluster; the model "),
        ("light.png", NOT_RECOGNISED),
        ("broken.fits", f"{CONTRADICTORY} {NOT_RECOGNISED}"),
    ],
)
def test_label_ends_with_the_object_or_why_there_is_none(night, name, line):
    (night / "broken.fits").write_bytes(make_fits(**make_wcs_cards(*M13, CD1_1=0.0, CD2_2=0.0)))
    result = run(label_image.main, "--image", night / name, "--identify")
    assert result.stdout.splitlines()[-1].startswith(line)


def test_missing_solver_is_said_with_how_to_get_one(night, monkeypatch):
    monkeypatch.setattr(cache, "find_solver", lambda: None)
    monkeypatch.setattr(cache, "explain_missing_solver", lambda: "Get one.")
    assert "light.png): Get one." in run(classify.main, night, "--identify").stderr
