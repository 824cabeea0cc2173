"""Names of camera frames, and how a recording is divided among the sides of a split."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from cluster_core.data.recordings import find_recording, name_frame
from cluster_core.data.splits import BY_CLASS, BY_FILE_NAME, split_dataset
from cluster_core.data.subjects import extract_subject
from tests.samples import make_index

STARTED = datetime(2026, 11, 27, 20, 15, 3)
STRUCTURE = bytes([100, 1] * 512)


def list_frames(n_frames: int, started: datetime = STARTED) -> list[str]:
    return [name_frame(started, number) for number in range(n_frames)]


def test_half_a_second_of_a_recording_is_one_subject():
    subjects = Counter(map(extract_subject, list_frames(24)))
    assert list(subjects.values()) == [4] * 6


def test_all_frames_name_their_recording():
    assert set(map(find_recording, list_frames(300))) == {"camera 2026-11-27 20-15-03"}


@pytest.mark.parametrize("name", ["camera 3.jpg", "my camera 2026-11-27 20-15-03.jpg", "M 13.jpg"])
def test_other_picture_names_no_recording(name):
    assert find_recording(name) is None


@pytest.mark.parametrize("version", [BY_CLASS, BY_FILE_NAME])
def test_classes_recorded_in_one_slow_pan_are_all_used(version):
    """Each frame is a copy of its neighbours, by its fingerprint."""
    names = {
        "mugs": list_frames(24),
        "pens": list_frames(24, STARTED + timedelta(seconds=5)),
    }
    alike = [name for frames in names.values() for name in frames[::3]]
    index = make_index(names, dict.fromkeys(alike[:8], STRUCTURE))
    split = split_dataset(index, testing_percentage=10, validation_percentage=10, version=version)
    assert not split.set_aside
    sides = (split.training, split.validation, split.testing)
    for side in sides:
        assert {picture.label for picture in side} == {"mugs", "pens"}


def test_half_second_is_on_one_side():
    names = {
        "mugs": list_frames(24),
        "pens": list_frames(24, STARTED + timedelta(seconds=5)),
    }
    split = split_dataset(make_index(names), testing_percentage=10, validation_percentage=10)
    assert len(split.training) == 32
    subjects = [
        {extract_subject(picture.path.name) for picture in side}
        for side in (split.training, split.validation, split.testing)
    ]
    assert not subjects[0] & (subjects[1] | subjects[2])


def test_copy_of_a_frame_from_another_recording_is_set_aside():
    names = {
        "mugs": list_frames(24) + list_frames(24, STARTED + timedelta(seconds=9)),
        "pens": list_frames(24, STARTED + timedelta(seconds=5)),
    }
    twins = {names["mugs"][0]: STRUCTURE, names["mugs"][24]: STRUCTURE}
    split = split_dataset(make_index(names, twins), testing_percentage=10, validation_percentage=10)
    sides = {
        picture.path.name: number
        for number, side in enumerate((split.training, split.validation, split.testing))
        for picture in side
    }
    held = [sides.get(name) for name in twins]
    assert held[0] == held[1]
