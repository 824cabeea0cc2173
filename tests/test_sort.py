"""The command sort, from the pictures to the queue of the unsure ones."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from cluster_core.console import NO_PICTURES
from cluster_core.labelling.queues import find_queue, list_queues
from cluster_core.model.prediction.prediction import Limits
from cluster_core.sort import main
from tests.samples import COLOURS, draw_blob, save_picture
from tests.sorting.samples import answer, sort, write_files


@pytest.fixture
def night(tmp_path, trained):
    for number, (label, colour) in enumerate(COLOURS.items()):
        save_picture(tmp_path / "night" / f"{label} M13.png", draw_blob(900 + number, colour))
    (tmp_path / "night" / "notes.txt").write_text("clear")
    return tmp_path / "night"


def run(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)], catch_exceptions=False)


def test_pictures_are_sorted_named_and_taken_back(night):
    output = night.with_name("sorted")
    outcome = run(night, "--output", output, "--move", "--identify")
    assert outcome.exit_code == 0, outcome.output
    assert "1  blue stars\n     1  red stars\n" in outcome.output
    assert "2 pictures sorted, 1 other file skipped" in outcome.output
    assert "2 of 2 pictures named" in outcome.output
    assert f'sort --undo "{output}"' in outcome.output
    assert (output / "blue stars" / "blue stars M13.png").is_file()
    table = (output / "answers.csv").read_text()
    assert ",sorted_to,object,catalogue_type,ra_deg,dec_deg,scale_arcsec_px,sky_problem\n" in table
    assert ",M 13,globular cluster," in table
    assert "2 pictures taken back" in run("--undo", output).output
    assert len(list(night.glob("*.png"))) == 2
    assert not output.exists()


def test_empty_folder_is_reported_and_leaves_nothing_to_take_back(tmp_path, workspace):
    (tmp_path / "empty").mkdir()
    printed = run(tmp_path / "empty", "--output", tmp_path / "sorted").output
    assert NO_PICTURES in printed
    assert "--undo" not in printed


def test_unsure_pictures_become_a_queue(night, workspace, monkeypatch):
    monkeypatch.setattr(Limits, "of", lambda bundle: Limits(unsure_below=1.01))
    output = night.with_name("sorted")
    printed = run(night, "--output", output).output
    assert (
        f'Label the 2 unsure pictures: python -m cluster_core sort --label-unsure "{output}"'
        in (printed)
    )
    assert "2 pictures added to the queue Unsure in sorted" in run("--label-unsure", output).output
    (queue_id,) = list_queues(workspace)
    assert len(find_queue(workspace, queue_id).pictures) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{night}", "--output", "{night}/sorted"], "is inside"),
        (["{night}", "--output", "tf_files/sorted"], "Cluster Lab keeps its own files"),
        (["tf_files", "--output", "out", "--move"], "must stay where they are"),
        (["{night}", "--output", "out", "--link", "--fits-cards"], "only written into copies"),
        (["{night}/notes.txt", "--output", "out", "--watch"], "--watch needs folders"),
        (["--undo", "{night}"], "Nothing was sorted into"),
        (["--label-unsure", "{night}"], "Nothing was sorted into"),
    ],
)
def test_wrong_use_is_explained(night, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    outcome = run(*(text.format(night=night) for text in arguments))
    assert outcome.exit_code == 1
    assert sentence in outcome.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x"],
        ["--undo", "a", "--label-unsure", "b"],
        ["x", "--output", "y", "--copy", "--move"],
        ["", "--output", "y"],
    ],
)
def test_incomplete_or_contradictory_command_is_refused(arguments):
    assert run(*arguments).exit_code == 2


def test_undo_that_puts_nothing_back_fails(tmp_path):
    a, b = write_files(tmp_path / "night", "a.jpg", "b.jpg")
    sort([answer(a), answer(b)], tmp_path / "sorted")
    a.unlink()
    assert run("--undo", tmp_path / "sorted").exit_code == 0  # b is taken back
    outcome = run("--undo", tmp_path / "sorted")
    assert outcome.exit_code == 1
    assert "0 pictures taken back" in outcome.output
