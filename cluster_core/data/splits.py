"""Split a dataset into training, validation and test pictures, reproducibly and without leaks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cluster_core.data.copies import find_copies, find_copies_exactly
from cluster_core.data.groups import group_pictures, group_pictures_as_before, list_copies
from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.data.requirements import require_classes, require_every_side
from cluster_core.data.stratification import Shares, Side, stratify
from cluster_core.data.subjects import compute_position, compute_split_position
from cluster_core.errors import ConfigError

FEW_PICTURES = 20
# Versions of the rule. A training records its own, because a later test or a training with the
# same settings must find every picture on the side that it had.
BY_FILE_NAME = 1
BY_CLASS = 2
BY_GROUP = 3
BY_OBJECT = 4

# Of two copies, the one on the earlier side is kept.
_PRECEDENCE = (Side.TESTING, Side.VALIDATION, Side.TRAINING)


@dataclass(frozen=True)
class Split:
    """The side of every picture.

    Attributes
    ----------
    training, validation, testing : tuple of Picture
        The three sides, each in the order of the index.
    set_aside : tuple of Picture
        Copies of pictures on another side, which are not used.
    notes : tuple of str
        Exceptions from the rule, and warnings, as sentences for the user.
    counter_training, counter_testing : tuple of Picture
        The counter-examples to learn from, and those for the final test.
    """

    training: tuple[Picture, ...]
    validation: tuple[Picture, ...]
    testing: tuple[Picture, ...]
    set_aside: tuple[Picture, ...]
    notes: tuple[str, ...]
    counter_training: tuple[Picture, ...] = ()
    counter_testing: tuple[Picture, ...] = ()


def split_dataset(
    index: DatasetIndex,
    *,
    testing_percentage: float,
    validation_percentage: float,
    version: int = BY_OBJECT,
) -> Split:
    """Split a dataset so that the same pictures always give the same sides.

    Each class is divided in the requested shares, along an order of hashes of the pictures'
    content; see `stratify`. Copies and pictures of one object stay together; see
    `group_pictures`.

    If that leaves copies on different sides, because a class has little else, only those on the
    most important side are used: testing before validation before training. If a class has no
    picture on a side, one moves there, from training if it has enough. A note says how many
    held-out files are then equal to one in training.

    Parameters
    ----------
    index : DatasetIndex
        At least two classes, each with at least one picture for every side in use.
    testing_percentage, validation_percentage : float
        Share of the pictures in percent, 0 to 100, together less than 100. A side
        with a share of 0 stays empty.
    version : int
        `BY_OBJECT`; `BY_GROUP` for the rule that took objects in the sky from file names only;
        `BY_CLASS` for the rule that knew fewer signs of one object, see
        `group_pictures_as_before`; or `BY_FILE_NAME` for the rule of version 0.1, in which each
        picture's side depends on the SHA-1 of its file name alone, as in [1]_.

    Returns
    -------
    Split
        Deterministic: equal input gives an equal split.

    Raises
    ------
    ConfigError
        The percentages leave no pictures to train on.
    DatasetError
        There are fewer than two classes, or a class has too few pictures or
        only copies.

    References
    ----------
    .. [1] TensorFlow, image_retraining/retrain.py, `create_image_lists`, 2015.
    """
    check_percentages(testing_percentage, validation_percentage)
    shares = Shares(validation_percentage, testing_percentage)
    held_out = shares.held_out
    require_classes(index, needed=1 + len(held_out))

    pictures = index.pictures
    copies = list_copies(pictures, find_copies if version >= BY_GROUP else find_copies_exactly)
    if version == BY_FILE_NAME:
        positions = [compute_split_position(picture.path.name) for picture in pictures]
        sides = [_choose_side(position, shares) for position in positions]
    else:
        positions = [compute_position(picture.sha256) for picture in pictures]
        sides = stratify(pictures, _group(pictures, copies, version), shares)
    _set_copies_aside(sides, copies)
    moves = _fill_empty_sides(index, sides, positions, copies, held_out)
    require_every_side(index, sides, (Side.TRAINING, *held_out))

    def on(side: Side) -> tuple[Picture, ...]:
        return tuple(p for p, its_side in zip(pictures, sides, strict=True) if its_side is side)

    notes = [*_describe_equal_files(pictures, sides), *moves]
    set_aside = on(Side.SET_ASIDE)
    if set_aside:
        plural = "pictures were" if len(set_aside) > 1 else "picture was"
        notes.append(
            f"{len(set_aside)} {plural} set aside: copies of pictures for validation or the final "
            "test, which must stay unseen."
        )
    notes += [
        f"Only {count} {'picture' if count == 1 else 'pictures'} of {label}; 30 or more work well."
        for label, count in index.counts.items()
        if count < FEW_PICTURES
    ]
    return Split(
        on(Side.TRAINING),
        on(Side.VALIDATION),
        on(Side.TESTING),
        set_aside,
        tuple(notes),
        *_split_counter_examples(index.counter_pictures, testing_percentage),
    )


def _group(
    pictures: Sequence[Picture], copies: Sequence[tuple[int, int]], version: int
) -> list[int]:
    if version < BY_GROUP:
        return group_pictures_as_before(pictures, copies)
    if version < BY_OBJECT:
        pictures = [replace(picture, sky_object="") for picture in pictures]
    return group_pictures(pictures, copies)


def _split_counter_examples(
    pictures: tuple[Picture, ...], testing_percentage: float
) -> tuple[tuple[Picture, ...], tuple[Picture, ...]]:
    """Return the counter-examples to learn from, and those for the test; neither is validated."""
    copies = list_copies(pictures)
    sides = stratify(pictures, group_pictures(pictures, copies), Shares(0, testing_percentage))
    _set_copies_aside(sides, copies)
    numbered = list(zip(pictures, sides, strict=True))
    return (
        tuple(picture for picture, side in numbered if side is Side.TRAINING),
        tuple(picture for picture, side in numbered if side is Side.TESTING),
    )


def check_percentages(testing_percentage: float, validation_percentage: float) -> None:
    """Check that two shares are valid and leave pictures to train on.

    Parameters
    ----------
    testing_percentage, validation_percentage : float
        Shares in percent.

    Raises
    ------
    ConfigError
        One of them is not at least 0 and less than 100, or they add up to 100 or
        more.
    """
    for field, value in (
        ("testing_percentage", testing_percentage),
        ("validation_percentage", validation_percentage),
    ):
        if not 0 <= value < 100:  # noqa: PLR2004
            raise ConfigError(
                f"{field} must be at least 0 and less than 100, not {value:g}.",
                field=field,
                received=value,
                allowed="0 to 99",
            )
    together = testing_percentage + validation_percentage
    if together >= 100:  # noqa: PLR2004
        raise ConfigError(
            f"testing_percentage and validation_percentage add up to {together:g}, which leaves no "
            "pictures to train on: reduce them, for example to 10 each.",
            field="testing_percentage",
            received=testing_percentage,
            allowed="less than 100 together with validation_percentage",
        )


def _choose_side(position: float, shares: Shares) -> Side:
    if position < shares.validation:
        return Side.VALIDATION
    return Side.TESTING if position < shares.validation + shares.testing else Side.TRAINING


def _set_copies_aside(sides: list[Side], copies: Sequence[tuple[int, int]]) -> None:
    """Set aside one of two copies on different sides; `_PRECEDENCE` decides which one stays."""
    for keeper in _PRECEDENCE:
        for pair in copies:
            for one, other in (pair, pair[::-1]):
                if sides[one] is keeper and sides[other] not in (keeper, Side.SET_ASIDE):
                    sides[other] = Side.SET_ASIDE


def _fill_empty_sides(
    index: DatasetIndex,
    sides: list[Side],
    positions: list[float],
    copies: list[tuple[int, int]],
    held_out: Sequence[Side],
) -> list[str]:
    """Move a picture to each side that lacks a class; return notes for the user."""
    partners: dict[int, set[int]] = defaultdict(set)
    for one, other in copies:
        partners[one].add(other)
        partners[other].add(one)
    notes = []
    for label in index.labels:
        members = [
            number for number, picture in enumerate(index.pictures) if picture.label == label
        ]
        for side in (Side.TRAINING, *held_out):
            if not any(sides[member] is side for member in members):
                source = _move_picture(sides, members, positions, partners, side)
                if source:
                    notes.append(
                        f"One picture of {label} was moved from {source} to {side}, which had none."
                    )
    return notes


def _describe_equal_files(pictures: Sequence[Picture], sides: Sequence[Side]) -> list[str]:
    """Return a note for each held-out side with files that are equal to training pictures.

    Nothing is said about pictures of one object, since a class may be one object.
    """
    content: dict[Side, list[str]] = defaultdict(list)
    for picture, side in zip(pictures, sides, strict=True):
        content[side].append(picture.sha256)
    learned = set(content[Side.TRAINING])
    notes = []
    for side, name in ((Side.TESTING, "test"), (Side.VALIDATION, "validation")):
        n_equal = sum(sha256 in learned for sha256 in content[side])
        if n_equal:
            worth = "is worthless" if n_equal == len(content[side]) else "is too good"
            verb = "is a copy" if n_equal == 1 else "are copies"
            notes.append(
                f"{n_equal} of {len(content[side])} {name} pictures {verb} of training pictures, "
                f"because there are too few different ones; the {name} {worth}: add different "
                "pictures."
            )
    return notes


def _move_picture(
    sides: list[Side],
    members: list[int],
    positions: list[float],
    partners: Mapping[int, set[int]],
    side: Side,
) -> Side | None:
    """Move one picture of a class to `side`, and set its copies aside; return its old side."""
    for source in reversed(_PRECEDENCE):
        candidates = [member for member in members if sides[member] is source]
        for member in sorted(candidates, key=positions.__getitem__):
            if not (partners[member] | {member}).issuperset(candidates):
                sides[member] = side
                for partner in partners[member]:
                    sides[partner] = Side.SET_ASIDE
                return source
    return None
