"""Divide the pictures of each class among the sides of a split, in exact shares."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.data.groups import name_key
from cluster_core.data.index import Picture
from cluster_core.data.subjects import compute_position


class Side(StrEnum):
    """What a picture is used for."""

    TRAINING = "training"
    VALIDATION = "validation"
    TESTING = "testing"
    SET_ASIDE = "set aside"


@dataclass(frozen=True)
class Shares:
    """The shares of the pictures that are not for training.

    Attributes
    ----------
    validation, testing : float
        In percent, 0 to 100, together less than 100.
    """

    validation: float
    testing: float

    @property
    def held_out(self) -> tuple[Side, ...]:
        """The sides other than training that get pictures."""
        shares = {Side.VALIDATION: self.validation, Side.TESTING: self.testing}
        return tuple(side for side, share in shares.items() if share > 0)


@dataclass(frozen=True)
class _Group:
    """Pictures that stay together, by number, and a position to sort groups by."""

    members: tuple[int, ...]
    position: float


def stratify(pictures: Sequence[Picture], groups: Sequence[int], shares: Shares) -> list[Side]:
    """Choose the side of every picture, so that each class has the requested shares.

    The groups of a class are sorted by their positions, which are hashes. In this order, groups
    up to a first limit are for testing, up to a second for validation, and the rest for training;
    a group belongs where its middle is. Each picture more in a class raises its limits by less
    than one picture, so it moves at most one other group across each limit. Groups with pictures
    of several classes are divided first, all together, and every class counts those it has.

    Parameters
    ----------
    pictures : sequence of Picture
        The n pictures of a dataset.
    groups : sequence of int
        The group of each picture, from `group_pictures`.
    shares : Shares
        The requested shares.

    Returns
    -------
    list of Side
        The side of each picture. A class has pictures on every side in use, if it has as many
        groups. In a class with fewer, each picture counts as a group.
    """
    sides = [Side.TRAINING] * len(pictures)
    shared, own = _sort_groups(pictures, groups, n_sides=1 + len(shares.held_out))
    taken: dict[str, Counter[Side]] = defaultdict(Counter)
    n_shared = sum(len(group.members) for group in shared)
    end = n_shared * (shares.validation + shares.testing) / 100
    _assign(sides, shared, n_shared * shares.testing / 100, end)
    for group in shared:
        for number in group.members:
            taken[pictures[number].label][sides[number]] += 1
    for label, members in own.items():
        _assign(sides, members, *_find_limits(members, taken[label], shares))
        _fill_with_small_groups(sides, members, taken[label], shares.held_out)
    return sides


def _sort_groups(
    pictures: Sequence[Picture], groups: Sequence[int], n_sides: int
) -> tuple[list[_Group], dict[str, list[_Group]]]:
    """Return the groups with pictures of several classes, and those of each class, sorted."""
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, its_group in enumerate(groups):
        numbers[its_group].append(number)
    positions = [compute_position(name_key(picture)) for picture in pictures]
    shared: list[_Group] = []
    own: dict[str, list[_Group]] = defaultdict(list)
    n_groups: Counter[str] = Counter()
    for members in numbers.values():
        group = _Group(tuple(members), min(positions[number] for number in members))
        labels = {pictures[number].label for number in members}
        n_groups.update(labels)
        (shared if len(labels) > 1 else own[labels.pop()]).append(group)
    for label, its_groups in own.items():
        if n_groups[label] < n_sides:  # such as a class with pictures of one object only
            own[label] = [
                _Group((number,), compute_position(pictures[number].sha256))
                for group in its_groups
                for number in group.members
            ]
    for unsorted in (shared, *own.values()):
        unsorted.sort(key=lambda group: group.position)
    return shared, own


def _find_limits(
    groups: Sequence[_Group], taken: Mapping[Side, int], shares: Shares
) -> tuple[float, float]:
    """Return where testing and validation end in the sorted pictures of a class.

    Every side in use gets room for a picture, and counts what it already has in `taken`.
    """
    n_own = sum(len(group.members) for group in groups)
    n_all = n_own + sum(taken.values())
    testing, validation = (
        max(0.0, max(1.0, n_all * share / 100) - taken[side]) if share else 0.0
        for side, share in (
            (Side.TESTING, shares.testing),
            (Side.VALIDATION, shares.validation),
        )
    )
    end = max(0.0, min(testing + validation, n_own - (not taken[Side.TRAINING])))
    return max(0.0, min(testing, end - (validation > 0 and not taken[Side.VALIDATION]))), end


def _assign(sides: list[Side], groups: Sequence[_Group], first: float, second: float) -> None:
    """Set the sides of sorted groups by where their middles are; the limits are in pictures."""
    n_before = 0
    for group in groups:
        middle = n_before + len(group.members) / 2
        n_before += len(group.members)
        held_out = Side.TESTING if middle < first else Side.VALIDATION
        for number in group.members:
            sides[number] = held_out if middle < second else Side.TRAINING


def _fill_with_small_groups(
    sides: list[Side], groups: Sequence[_Group], taken: Mapping[Side, int], needed: Sequence[Side]
) -> None:
    """Move the smallest group from training to each side whose place a large group skipped."""
    for side in needed:
        if taken[side] or any(sides[group.members[0]] is side for group in groups):
            continue
        training = [group for group in groups if sides[group.members[0]] is Side.TRAINING]
        if len(training) > (not taken[Side.TRAINING]):
            smallest = min(training, key=lambda group: len(group.members))
            for number in smallest.members:
                sides[number] = side
