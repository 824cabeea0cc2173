"""A short form of the fuzz test with a fixed seed, and checks that it notices what it should."""

from __future__ import annotations

import random

import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.case import CaseId, FaultError
from tests.fuzz.commands import check_ending
from tests.fuzz.damage import DAMAGES, damage
from tests.fuzz.decoding import FORMATS
from tests.fuzz.keeping import Belongings
from tests.fuzz.runner import Runner
from tests.samples import write_photos

SEED = 0
# Killing a training takes too long here: TensorFlow has to be loaded for each.
N_CASES = {
    "files": 6,
    "training": 15,
    "records": 1,
    "manifests": 1,
    "pages": 3,
    "model-zip": 12,
    "dataset-zip": 24,
    "project-zip": 8,
    **{f"decode-{name}": 1 for name in FORMATS},
    "kill-classify": 1,
    "kill-unpack": 2,
    "kill-move": 2,
    "kill-delete": 2,
    "kill-undo": 2,
}


@pytest.fixture(scope="module")
def runner():
    with Runner() as one:
        yield one


@pytest.mark.parametrize("area", N_CASES)
def test_damage_ends_in_a_value_or_a_sentence(runner, area):
    outcomes = [runner.run(CaseId(area, SEED, number)) for number in range(N_CASES[area])]
    failures = [f"{one.case.command}\n{one.problem}" for one in outcomes if one]
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_the_same_for_the_same_seed(tmp_path, kind):
    done = []
    for name in ("one", "two"):
        path = tmp_path / name / "file"
        path.parent.mkdir()
        path.write_bytes(bytes(range(100)))
        done.append(damage(path, kind, random.Random(3)))
    assert done[0] == done[1]


def test_lost_and_changed_pictures_are_noticed(workspace):
    photos = write_photos(workspace.root / "colours_photos", 2)
    before = Belongings.of(workspace)
    first, second, *_ = sorted(photos.glob("*/*"))
    first.rename(first.with_name("renamed.png"))
    with pytest.raises(FaultError, match="was lost"):
        before.require_unchanged(Belongings.of(workspace))
    before.require_content(Belongings.of(workspace))  # it has only been moved
    second.write_bytes(b"")
    with pytest.raises(FaultError, match="was lost"):
        before.require_content(Belongings.of(workspace))


@pytest.mark.parametrize(
    ("exit_code", "stderr"),
    [
        (1, "Traceback (most recent call last):\nKeyError: 3"),
        (1, "Aborted!"),
        (3, "Error: something."),
        (0, "Sorry, something went wrong on our side."),
    ],
)
def test_command_that_ends_badly_is_noticed(exit_code, stderr):
    with pytest.raises(FaultError):
        check_ending(exit_code, stderr)


def test_repeating_a_case_needs_its_area_and_seed(capsys):
    with pytest.raises(SystemExit):
        main(["--case", "3"])
    assert "--case needs --only and --seed" in capsys.readouterr().err
