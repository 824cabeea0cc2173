"""Splits into training, validation and test pictures."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

from cluster_core.data.copies import find_copies
from cluster_core.data.groups import group_pictures, list_copies
from cluster_core.data.splits import (
    BY_CLASS,
    BY_FILE_NAME,
    FEW_PICTURES,
    check_percentages,
    split_dataset,
)
from cluster_core.data.subjects import compute_split_position, extract_subject
from cluster_core.errors import ConfigError, DatasetError
from tests.samples import make_index

SIDES = ("training", "validation", "testing", "set_aside")
by_either_rule = pytest.mark.parametrize("version", [BY_FILE_NAME, BY_CLASS])


def split(index, testing=10, validation=10, version=BY_CLASS):
    return split_dataset(
        index,
        testing_percentage=testing,
        validation_percentage=validation,
        version=version,
    )


def map_sides(found) -> dict[str, str]:
    """Return the side of every picture, by class and file name."""
    return {
        f"{picture.label}/{picture.path.name}": side
        for side in SIDES
        for picture in getattr(found, side)
    }


def make_names(n: int, seed: int | str = 0) -> list[str]:
    numbers = random.Random(seed)
    return [f"{numbers.getrandbits(64):x}.jpg" for _ in range(n)]


def random_fingerprint(seed: int) -> bytes:
    values = np.random.default_rng(seed).integers(-127, 128, 1024).astype(np.int8)
    return values.tobytes()


def make_index_with_copies(seed: int):
    """Make two classes of 8 to 30 pictures; some are copies, also across classes."""
    numbers = random.Random(seed)
    names = {
        f"class {label}": make_names(numbers.randint(8, 30), hash((seed, label)))
        for label in (1, 2)
    }
    everyone = [name for members in names.values() for name in members]
    n_objects = numbers.randint(len(everyone) // 2, len(everyone))
    prints = {name: random_fingerprint(numbers.randrange(n_objects)) for name in everyone}
    return make_index(names, prints)


def draw_names(seed: int) -> dict[str, list[str]]:
    """Draw file names for two classes; with an odd seed, many show one of a few objects."""
    numbers = random.Random(seed)
    names = {}
    for label in "ab":
        count = numbers.randint(80, 160) if seed % 2 else numbers.randint(3, 60)
        objects = [f"NGC {numbers.randint(1, 7840)}" for _ in range(count // 2)]
        names[label] = [
            f"{numbers.choice(objects)} {name}" if seed % 2 and numbers.random() < 0.5 else name
            for name in make_names(count, f"{seed}{label}")
        ]
    return names


def find_moved_groups(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    """Return the old and new side of each group that is on another side than before."""
    groups = {
        (extract_subject(name.partition("/")[2]), side, after[name])
        for name, side in before.items()
        if after[name] != side
    }
    return [(old, new) for _, old, new in groups]


@by_either_rule
def test_every_picture_has_one_side_and_order_is_kept(version):
    index = make_index({"a": make_names(50), "b": make_names(50, seed=1)})
    found = split(index, version=version)
    assert len(map_sides(found)) == 100 == sum(len(getattr(found, side)) for side in SIDES)
    for side in SIDES:
        pictures = getattr(found, side)
        assert list(pictures) == sorted(pictures, key=index.pictures.index)
    assert split(index, version=version) == found


@pytest.mark.parametrize("seed", range(60))
def test_another_picture_moves_at_most_one_group_across_each_limit(seed):
    numbers = random.Random(seed)
    names = draw_names(seed)
    shares = numbers.choice([(10, 10), (20, 20), (10, 0), (0, 10), (33, 33), (5, 30)])
    before = map_sides(split(make_index(names), *shares))
    for name in make_names(8, f"{seed} new"):
        names[numbers.choice("ab")].append(name)
        after = map_sides(split(make_index(names), *shares))
        moved = find_moved_groups(before, after)
        # The limits are between testing and validation, and between validation and training.
        assert len(moved) <= 2
        assert len({frozenset(sides) for sides in moved}) == len(moved)
        before = after


@pytest.mark.parametrize("seed", range(10))
def test_few_pictures_move_while_a_class_doubles(seed):
    names = {label: make_names(200, f"{seed}{label}") for label in "ab"}
    half = map_sides(split(make_index({label: some[:100] for label, some in names.items()})))
    whole = map_sides(split(make_index(names)))
    assert sum(whole[name] != side for name, side in half.items()) <= 24  # of 200; the mean is 8


@pytest.mark.parametrize("seed", range(60))
def test_every_class_has_the_shares_within_one_group(seed):
    index = make_index(draw_names(seed))
    found = split(index, testing=20, validation=10)
    for label, n in index.counts.items():
        subjects = Counter(extract_subject(p.path.name) for p in index.pictures if p.label == label)
        largest = max(subjects.values())
        for side, share in (("training", 0.7), ("validation", 0.1), ("testing", 0.2)):
            count = sum(picture.label == label for picture in getattr(found, side))
            assert abs(count - share * n) <= largest


@pytest.mark.parametrize("n", range(3, 300))
def test_single_pictures_give_the_shares_within_one(n):
    found = split(make_index({"a": make_names(n), "b": make_names(9, 1)}))
    for side in ("validation", "testing"):
        count = sum(picture.label == "a" for picture in getattr(found, side))
        assert abs(count - n / 10) < 1


def test_equal_names_in_two_classes_have_unrelated_sides():
    names = [f"IMG_{number:04}.jpg" for number in range(1000)]
    sides = map_sides(split(make_index({"a": names, "b": names}), 25, 25))
    n_equal = sum(sides[f"a/{name}"] == sides[f"b/{name}"] for name in names)
    assert abs(n_equal - 375) < 60  # 0.25**2 + 0.25**2 + 0.5**2; four standard deviations
    by_name = map_sides(split(make_index({"a": names, "b": names}), 25, 25, BY_FILE_NAME))
    assert all(by_name[f"a/{name}"] == by_name[f"b/{name}"] for name in names)


def test_new_names_and_class_names_move_no_picture():
    index = make_index({"a": make_names(60), "b": make_names(60, seed=1)})
    pictures = tuple(
        replace(picture, path=Path(f"{number}.png"), label={"a": "x", "b": "c"}[picture.label])
        for number, picture in enumerate(index.pictures)
    )
    before, after = split(index), split(replace(index, labels=("c", "x"), pictures=pictures))
    for side in SIDES:
        contents = [{p.sha256 for p in getattr(found, side)} for found in (before, after)]
        assert contents[0] == contents[1]


@pytest.mark.parametrize("seed", range(20))
def test_object_in_two_classes_is_on_one_side(seed):
    names = {label: make_names(30, f"{seed}{label}") for label in "ab"}
    for number in range(6):
        names["a"].append(f"M {number + 1}.jpg")
        names["b"] += [f"m{number + 1} wide.jpg", f"leaf{number}_nohash_1.jpg"]
        names["a"].append(f"leaf{number}_nohash_2.jpg")
    index = make_index(names)
    sides = map_sides(found := split(index))
    for number in range(6):
        assert sides[f"a/M {number + 1}.jpg"] == sides[f"b/m{number + 1} wide.jpg"]
        assert sides[f"b/leaf{number}_nohash_1.jpg"] == sides[f"a/leaf{number}_nohash_2.jpg"]
    for label, n in index.counts.items():
        for side in ("validation", "testing"):
            count = sum(picture.label == label for picture in getattr(found, side))
            assert abs(count - n / 10) <= 2


def test_class_of_one_object_is_divided_by_picture():
    names = {"a": [f"M 13 ({number}).jpg" for number in range(40)], "b": make_names(40)}
    found = split(make_index(names))
    assert [sum(p.label == "a" for p in getattr(found, side)) for side in SIDES] == [32, 4, 4, 0]
    assert found.notes == ()


def test_large_group_does_not_fill_a_small_side():
    names = {"a": [f"M 13 ({number}).jpg" for number in range(40)], "b": make_names(40)}
    names["a"] += ["one.jpg", "two.jpg"]
    found = split(make_index(names))
    assert [sum(p.label == "a" for p in getattr(found, side)) for side in SIDES] == [40, 1, 1, 0]


@pytest.mark.parametrize("seed", range(20))
def test_adding_pictures_does_not_move_others_by_file_name(seed):
    numbers = random.Random(seed)
    names = {label: make_names(100, seed=f"{seed}{label}") for label in "ab"}
    whole = split(make_index(names), 20, 20, BY_FILE_NAME)
    some = {label: numbers.sample(members, 60) for label, members in names.items()}
    part = split(make_index(some), 20, 20, BY_FILE_NAME)
    assert not [note for note in (*whole.notes, *part.notes) if "moved" in note]
    assert map_sides(part).items() <= map_sides(whole).items()
    assert len(map_sides(part)) == 120


@by_either_rule
@pytest.mark.parametrize("seed", range(60))
def test_copies_are_on_one_side_and_no_side_is_empty(seed, version):
    index = make_index_with_copies(seed)
    sides = map_sides(found := split(index, version=version))
    by_position = [sides[f"{p.label}/{p.path.name}"] for p in index.pictures]
    for one, other in find_copies([picture.fingerprint for picture in index.pictures]):
        both = {by_position[one], by_position[other]} - {"set_aside"}
        assert len(both) <= 1
    for label in index.labels:
        for side in SIDES[:3]:
            assert any(picture.label == label for picture in getattr(found, side))


@by_either_rule
def test_copy_is_set_aside_only_if_another_one_is_used(version):
    for seed in range(30):
        found = split(make_index_with_copies(seed), version=version)
        used = {p.fingerprint for p in (*found.validation, *found.testing)}
        assert all(picture.fingerprint in used for picture in found.set_aside)
        notes = [note for note in found.notes if "set aside" in note]
        assert bool(notes) == bool(found.set_aside)
        assert all(note.startswith(f"{len(found.set_aside)} picture") for note in notes)


def test_three_different_pictures_fill_all_sides_despite_a_copy_by_file_name():
    # Pictures move to an empty side in this order, where the copy follows its original.
    names = sorted(make_names(200), key=compute_split_position)
    original, *others = (name for name in names if compute_split_position(name) > 20)
    its_copy, third, fourth = others[0], others[1], others[2]
    blob = random_fingerprint(0)
    prints = {original: blob, its_copy: blob}
    prints |= {third: random_fingerprint(1), fourth: random_fingerprint(2)}
    index = make_index({"a": [original, its_copy, third, fourth], "b": make_names(60, 5)}, prints)
    found = split(index, version=BY_FILE_NAME)
    assert {p.path.name for p in found.set_aside} == {its_copy}
    sides = map_sides(found)
    assert {sides[f"a/{name}"] for name in (original, third, fourth)} == set(SIDES[:3])


@pytest.mark.parametrize("seed", range(20))
def test_three_different_pictures_and_a_copy_fill_all_sides(seed):
    names = make_names(4, seed)
    prints = {name: random_fingerprint(number // 2) for number, name in enumerate(names[:3])}
    found = split(make_index({"a": names, "b": make_names(60, 5)}, prints))
    sides = map_sides(found)
    assert sides[f"a/{names[0]}"] == sides[f"a/{names[1]}"]
    assert {sides[f"a/{name}"] for name in names} == set(SIDES[:3])


def test_copies_and_one_other_picture_fill_two_sides_but_not_three():
    names = make_names(4)
    prints = dict.fromkeys(names[:3], random_fingerprint(0)) | {names[3]: random_fingerprint(1)}
    index = make_index({"a": names, "b": make_names(60, 5)}, prints)
    sides = map_sides(split(index, validation=0))
    assert len({sides[f"a/{name}"] for name in names[:3]}) == 1
    assert len({sides[f"a/{name}"] for name in names}) == 2
    with pytest.raises(DatasetError, match="copies of each other"):
        split(index)


@pytest.mark.parametrize(
    "same",
    [
        [
            "M13.jpg",
            "M 13.png",
            "m13_v2.jpg",
            "messier_13.tif",
            "Messier-13 core.jpg",
            "my m013.jpg",
        ],
        ["NGC0104.jpg", "ngc 104 (2).jpg", "NGC-104.png", "wide_ngc104_crop.jpg"],
        ["IC4756.jpg", "ic 4756 b.png"],
        ["leaf_nohash_0.jpg", "leaf_nohash_1.jpg", "leaf_nohash_a_nohash_b.png"],
    ],
)
def test_pictures_of_one_object_share_a_subject(same):
    assert len({extract_subject(name) for name in same}) == 1
    assert len({compute_split_position(name) for name in same}) == 1


@pytest.mark.parametrize(
    "name",
    ["pic 12.jpg", "IMG_1234.jpg", "item5.png", "m0.jpg", "M12345.jpg", "atomic 7.jpg", "ngc.jpg"],
)
def test_other_names_with_numbers_are_their_own_subject(name):
    assert extract_subject(name) == name


def test_non_utf8_names_have_positions():
    positions = {
        compute_split_position(os.fsdecode(name)) for name in (b"caf\xe9.jpg", b"caf\xe8.jpg")
    }
    assert len(positions) == 2


def test_different_objects_have_different_subjects():
    names = ["M13.jpg", "M3.jpg", "NGC13.jpg", "IC13.jpg", "M113.jpg", "leaf_nohash_0", "leaf 2"]
    for one, other in combinations(names, 2):
        assert extract_subject(one) != extract_subject(other)


@pytest.mark.parametrize(("testing", "validation"), [(10, 10), (20, 5), (0, 30), (33.3, 0), (1, 1)])
def test_shares_by_file_name_match_the_percentages(testing, validation):
    n = 4_000
    index = make_index({"a": make_names(n // 2), "b": make_names(n // 2, seed=1)})
    found = split(index, testing, validation, BY_FILE_NAME)
    for side, percentage in (("testing", testing), ("validation", validation)):
        expected = n * percentage / 100
        spread = (n * percentage / 100 * (1 - percentage / 100)) ** 0.5
        assert abs(len(getattr(found, side)) - expected) <= 4 * spread


def test_positions_are_uniform():
    positions = np.array([compute_split_position(name) for name in make_names(20_000)])
    assert positions.min() >= 0
    assert positions.max() < 100
    counts, _ = np.histogram(positions, 20, (0, 100))
    assert ((counts - 1000) ** 2 / 1000).sum() < 45  # chi-squared, 19 degrees of freedom: p < 0.001


def test_larger_validation_share_only_takes_from_training():
    index = make_index({"a": make_names(200), "b": make_names(200, seed=1)})
    small, large = map_sides(split(index, 10, 10)), map_sides(split(index, 10, 40))
    for name, side in small.items():
        assert large[name] == side or (side, large[name]) == ("training", "validation")


def test_larger_test_share_by_file_name_only_takes_from_training():
    index = make_index({"a": make_names(200), "b": make_names(200, seed=1)})
    small, large = (map_sides(split(index, share, 10, BY_FILE_NAME)) for share in (10, 40))
    for name, side in small.items():
        assert large[name] == side or (side, large[name]) == ("training", "testing")


def test_chain_of_lookalikes_is_a_series_and_no_group():
    # Each of 30 pictures shares three quarters with the next one, and half with the one after it.
    names = make_names(30)
    quarters = np.random.default_rng(0).normal(0, 20, (33, 1024))
    prints = {
        name: quarters[number : number + 4].sum(axis=0).clip(-127, 127).astype(np.int8).tobytes()
        for number, name in enumerate(names)
    }
    index = make_index({"a": names, "b": make_names(30, 1)}, prints)
    copies = list_copies(index.pictures)
    assert len(copies) == 29
    assert len(set(group_pictures(index.pictures, copies))) == 60
    found = split(index)
    assert sum(picture.label == "a" for picture in found.testing) == 3
    sides = map_sides(found)
    for one, other in pairwise(names):
        both = {sides[f"a/{one}"], sides[f"a/{other}"]} - {"set_aside"}
        assert len(both) <= 1


@pytest.mark.parametrize("seed", range(20))
def test_three_pictures_per_class_fill_three_sides(seed):
    index = make_index({"a": make_names(3, seed), "b": make_names(3, seed + 100)})
    found = split(index)
    for side in SIDES[:3]:
        assert sorted(picture.label for picture in getattr(found, side)) == ["a", "b"]
    assert [note for note in found.notes if "moved" in note] == []
    assert sum(note.startswith("Only 3 pictures of") for note in found.notes) == 2


@pytest.mark.parametrize("seed", range(20))
def test_three_pictures_per_class_fill_three_sides_by_file_name(seed):
    index = make_index({"a": make_names(3, seed), "b": make_names(3, seed + 100)})
    found = split(index, version=BY_FILE_NAME)
    for side in SIDES[:3]:
        assert sorted(picture.label for picture in getattr(found, side)) == ["a", "b"]
    moved = [note for note in found.notes if " was moved from " in note]
    natural = [
        (picture.label, position < 10, 10 <= position < 20)
        for picture in index.pictures
        for position in [compute_split_position(picture.path.name)]
    ]
    assert len(moved) == 6 - len(set(natural))
    assert sum(note.startswith("Only 3 pictures of") for note in found.notes) == 2


@by_either_rule
@pytest.mark.parametrize("seed", range(40))
def test_small_class_has_every_side_whatever_its_names(seed, version):
    names = {"a": make_names(3, seed), "b": make_names(3, seed + 100)}
    found = split(make_index(names), 45, 45, version)
    assert found.set_aside == ()
    for side in SIDES[:3]:
        assert sorted(picture.label for picture in getattr(found, side)) == ["a", "b"]


def test_large_classes_need_no_notes():
    n = 10 * FEW_PICTURES
    assert split(make_index({"a": make_names(n), "b": make_names(n, 1)})).notes == ()


def test_copies_that_are_tested_for_want_of_other_pictures_are_reported():
    index = make_index({"a": make_names(6), "b": make_names(6, 1)})
    equal = index.pictures[0]
    copies = [
        replace(p, sha256=equal.sha256, fingerprint=equal.fingerprint) for p in index.pictures
    ]
    notes = split(replace(index, pictures=tuple(copies))).notes
    assert notes[0] == (
        "2 of 2 test pictures are copies of training pictures, because there are too few "
        "different ones; the test is worthless: add different pictures."
    )
    assert "One picture of a was moved from training to testing, which had none." in notes


def test_side_with_zero_share_stays_empty():
    index = make_index({"a": make_names(9), "b": make_names(9, 1)})
    assert split(index, testing=0).testing == ()
    assert split(index, validation=0).validation == ()
    found = split(index, 0, 0)
    assert found.training == index.pictures


@pytest.mark.parametrize(
    ("testing", "validation", "field"),
    [
        (-1, 10, "testing_percentage"),
        (100, 0, "testing_percentage"),
        (float("nan"), 10, "testing_percentage"),
        (10, -0.5, "validation_percentage"),
        (10, float("inf"), "validation_percentage"),
        (50, 50, "testing_percentage"),
        (60, 70, "testing_percentage"),
    ],
)
def test_percentages_without_training_pictures_are_rejected(testing, validation, field):
    with pytest.raises(ConfigError) as caught:
        check_percentages(testing, validation)
    assert caught.value.field == field
    with pytest.raises(ConfigError):
        split(make_index({"a": make_names(9), "b": make_names(9, 1)}), testing, validation)


@pytest.mark.parametrize(
    ("names", "label", "found", "needed"),
    [
        ({}, None, 0, 6),
        ({"a": [], "b": []}, None, 0, 6),
        ({"a": make_names(9)}, None, 1, 2),
        ({"a": make_names(9), "b": []}, "b", 0, 3),
        ({"a": make_names(9), "b": make_names(1)}, "b", 1, 3),
        ({"a": make_names(2), "b": make_names(9)}, "a", 2, 3),
    ],
)
def test_too_few_classes_or_pictures_are_reported_with_counts(names, label, found, needed):
    with pytest.raises(DatasetError) as caught:
        split(make_index(names))
    error = caught.value
    assert (error.label, error.found, error.needed) == (label, found, needed)
    assert "photos" in str(error)
    assert "1 usable pictures" not in str(error)


def test_fewer_sides_need_fewer_pictures():
    index = make_index({"a": make_names(2), "b": make_names(2, 1)})
    assert len(split(index, testing=0).validation) == 2
    with pytest.raises(DatasetError):
        split(index)


def test_class_of_only_copies_is_rejected():
    names = make_names(5)
    blob = random_fingerprint(0)
    index = make_index({"a": names, "b": make_names(30, 1)}, dict.fromkeys(names, blob))
    with pytest.raises(DatasetError, match="copies of each other") as caught:
        split(index)
    assert caught.value.label == "a"
