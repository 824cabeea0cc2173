"""The `find` command."""

from __future__ import annotations

import csv
import json

import pytest
from click.testing import CliRunner
from PIL import Image

from cluster_core import find
from cluster_core.wide_fields import search
from tests.wide_fields.samples import AURIGA_DEG, make_fits, make_jpeg, make_noise


@pytest.fixture(autouse=True)
def no_solver(monkeypatch):
    monkeypatch.setattr(find, "find_solver", lambda: None)
    monkeypatch.setattr(search, "MOST_PROPOSALS", 5)  # the model's time is most of a search


@pytest.fixture
def located(tmp_path):
    path = tmp_path / "auriga.fits"
    path.write_bytes(make_fits(make_noise(), AURIGA_DEG))
    return path


def run(*arguments):
    return CliRunner().invoke(find.main, [str(argument) for argument in arguments])


def test_table_cut_outs_and_drawing_are_written(tmp_path, located):
    output = tmp_path / "found"
    result = run(located, "--output", output)
    assert result.exit_code == 0
    assert "auriga.fits: 4 clusters in the catalogue." in result.stderr
    rows = list(csv.DictReader((output / "clusters.csv").read_text().splitlines()))
    assert {row["object"] for row in rows} == {"M 36", "M 38", "NGC 1907", "NGC 1931"}
    assert {row["catalogue_type"] for row in rows} == {
        *("open cluster", "star cluster with nebula")
    }
    for row in rows:
        with Image.open(output / row["cut_out"]) as cut_out:
            assert cut_out.size == (int(row["width_px"]), int(row["height_px"]))
    with Image.open(output / "field.jpg") as drawn:
        assert drawn.size == (600, 400)
    assert result.stdout.splitlines() == (output / "clusters.csv").read_text().splitlines()


def test_existing_folder_is_left_alone(tmp_path, located):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    result = run(located, "--output", tmp_path / "mine")
    assert result.exit_code == 1
    assert "choose a new folder" in result.stderr
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_folder_that_cannot_be_written_is_called_as_the_user_calls_it(tmp_path, located):
    output = tmp_path / ("long" * 60)  # a name of its own, but not with what a draft adds
    result = run(located, "--output", output)
    assert result.exit_code == 1
    assert f"Error: {output} could not be written" in result.stderr


def test_bad_picture_does_not_stop_the_others(tmp_path, located):
    (tmp_path / "bad.fits").write_bytes(b"SIMPLE")
    result = run(tmp_path / "bad.fits", located, tmp_path / "gone.jpg", "--json")
    assert result.exit_code == 1
    bad, good, gone = map(json.loads, result.stdout.splitlines())
    assert len(good["clusters"]) == 4
    assert "problem" not in good
    assert bad["clusters"] == gone["clusters"] == []
    assert result.stderr.count("Error: ") == 2
    assert f"Error: {bad['problem']}\n" in result.stderr


def test_bad_picture_has_a_row_with_its_problem(tmp_path, located):
    (tmp_path / "bad.fits").write_bytes(b"SIMPLE")
    rows = list(csv.DictReader(run(tmp_path / "bad.fits", located).stdout.splitlines()))
    assert rows[0]["picture"] == "bad.fits"
    assert rows[0]["problem"].startswith("bad.fits ")
    assert [row["problem"] for row in rows[1:]] == [""] * 4


def test_folder_that_another_command_fills_is_left_to_it(tmp_path, located, monkeypatch):
    output, find_picture = tmp_path / "found", find._Finder.find
    output.mkdir()

    def find_late(*arguments):
        found = find_picture(*arguments)
        (output / "clusters.csv").write_text("of the other")
        return found

    monkeypatch.setattr(find._Finder, "find", find_late)
    result = run(located, "--output", output)
    assert result.exit_code == 1
    assert f"{output} exists already: choose a new folder" in result.stderr
    assert [path.name for path in output.iterdir()] == ["clusters.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["auriga.fits", "found"]


def test_single_bad_picture_is_one_sentence(tmp_path):
    result = run(tmp_path / "gone.jpg", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_folder_is_told_apart_from_its_pictures(tmp_path):
    result = run(tmp_path)
    assert result.exit_code == 1
    assert f"is a folder: name its picture files, for example {tmp_path}/*.fits" in result.stderr


def test_no_usable_picture_leaves_no_output_folder(tmp_path):
    result = run(tmp_path / "gone.jpg", tmp_path / "lost.jpg", "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert "None of the pictures could be used" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_picture_without_a_position_is_searched(tmp_path):
    path = tmp_path / "field.jpg"
    path.write_bytes(make_jpeg())
    result = run(path)
    assert result.exit_code == 0
    assert "field.jpg: 2 clusters found by searching." in result.stderr
    labels = [row["label"] for row in csv.DictReader(result.stdout.splitlines())]
    assert sorted(labels) == ["globular clusters", "open clusters"]
