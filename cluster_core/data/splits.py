"""Which pictures teach, which tune and which test: stable, and no copy on two sides."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cluster_core.data.fingerprints import find_copies
from cluster_core.data.index import DatasetIndex, Picture
from cluster_core.errors import ConfigError, DatasetError

FEW_PICTURES = 20
_CATALOGUE_NAME = re.compile(
    r"(?<![a-z0-9])(?P<catalogue>messier|m|ngc|ic)[ _-]?0*(?P<number>[1-9]\d{0,3})(?!\d)",
    re.IGNORECASE,
)


class Side(StrEnum):
    """What a picture serves for."""

    TRAINING = "training"
    VALIDATION = "validation"
    TESTING = "testing"
    SET_ASIDE = "set aside"


# A copy stays where it is worth most: a test picture is never given up for a training one.
_PRECEDENCE = (Side.TESTING, Side.VALIDATION, Side.TRAINING)


@dataclass(frozen=True)
class Split:
    """The side of every picture.

    Attributes
    ----------
    training, validation, testing : tuple of Picture
        The three sides, each in the order of the index.
    set_aside : tuple of Picture
        Copies of pictures on another side; used nowhere.
    notes : tuple of str
        What was done beyond the rule, and what to mind, in sentences.
    """

    training: tuple[Picture, ...]
    validation: tuple[Picture, ...]
    testing: tuple[Picture, ...]
    set_aside: tuple[Picture, ...]
    notes: tuple[str, ...]


def split_dataset(
    index: DatasetIndex, *, testing_percentage: float, validation_percentage: float
) -> Split:
    """Split a dataset so that the same picture always lands on the same side.

    The side follows from the SHA-1 of the file name up to `_nohash_`, as in the
    TensorFlow retrain script [1]_, or of the object where the name tells it
    (M 13, NGC 7789), so adding pictures moves no other. Of copies on different
    sides only those on the more telling side are used (testing before
    validation before training). To a side that a class would miss altogether
    goes the picture that stands nearest by its hash, one from training where
    training can spare it.

    Parameters
    ----------
    index : DatasetIndex
        Two classes or more, each with at least one picture for every side asked for.
    testing_percentage, validation_percentage : float
        Share of the pictures, 0 to 100; together less than 100.

    Returns
    -------
    Split
        Deterministic.

    Raises
    ------
    ConfigError
        The percentages leave nothing to train on.
    DatasetError
        There are fewer than two classes, or a class has too few pictures.

    References
    ----------
    .. [1] TensorFlow, image_retraining/retrain.py, `create_image_lists`, 2015.
    """
    check_percentages(testing_percentage, validation_percentage)
    shares = {Side.VALIDATION: validation_percentage, Side.TESTING: testing_percentage}
    asked_for = [side for side, share in shares.items() if share > 0]
    _require_classes(index, needed=1 + len(asked_for))

    pictures = index.pictures
    places = [compute_place(picture.path.name) for picture in pictures]
    sides = [_natural_side(place, validation_percentage, testing_percentage) for place in places]
    copies = find_copies([picture.fingerprint for picture in pictures])
    _set_copies_aside(sides, copies)
    notes = _fill_empty_sides(index, sides, places, copies, asked_for)
    _require_every_side(index, sides, asked_for)

    def on(side: Side) -> tuple[Picture, ...]:
        return tuple(p for p, its_side in zip(pictures, sides, strict=True) if its_side is side)

    set_aside = on(Side.SET_ASIDE)
    if set_aside:
        notes.append(
            f"{len(set_aside)} set aside: copies of pictures for validation or the final test, "
            "which must stay unseen."
        )
    notes += [
        f"Only {count} pictures of {label}; 30 or more work well."
        for label, count in index.counts.items()
        if count < FEW_PICTURES
    ]
    return Split(on(Side.TRAINING), on(Side.VALIDATION), on(Side.TESTING), set_aside, tuple(notes))


def check_percentages(testing_percentage: float, validation_percentage: float) -> None:
    """Raise ConfigError unless both are 0 to 100 and leave something to train on."""
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
            f"testing_percentage and validation_percentage add up to {together:g}, which leaves "
            "nothing to train on: make them smaller; 10 and 10 work well.",
            field="testing_percentage",
            received=testing_percentage,
            allowed="less than 100 together with validation_percentage",
        )


def compute_place(file_name: str) -> float:
    """Return where a file stands between 0 and 100, spread evenly and fixed by its name alone."""
    # A file name need not be UTF-8: surrogates stand for its odd bytes.
    subject = name_subject(file_name).encode("utf-8", "surrogateescape")
    digest = hashlib.sha1(subject, usedforsecurity=False).digest()
    return int.from_bytes(digest) / 2 ** (8 * len(digest)) * 100


def name_subject(file_name: str) -> str:
    """Return what a file's name says it shows: a catalogue number, else the name itself.

    Everything from `_nohash_` on is ignored, so variants of one picture stay together.
    """
    stem = file_name.split("_nohash_", maxsplit=1)[0]
    found = _CATALOGUE_NAME.search(stem)
    if not found:
        return stem
    catalogue = found["catalogue"].lower().replace("messier", "m")
    return f"{catalogue}{int(found['number'])}"


def _natural_side(place: float, validation: float, testing: float) -> Side:
    if place < validation:
        return Side.VALIDATION
    return Side.TESTING if place < validation + testing else Side.TRAINING


def _set_copies_aside(sides: list[Side], copies: Sequence[tuple[int, int]]) -> None:
    """Of two copies on different sides, take out the one on the less telling side."""
    for keeper in _PRECEDENCE:
        for pair in copies:
            for one, other in (pair, pair[::-1]):
                if sides[one] is keeper and sides[other] not in (keeper, Side.SET_ASIDE):
                    sides[other] = Side.SET_ASIDE


def _fill_empty_sides(
    index: DatasetIndex,
    sides: list[Side],
    places: list[float],
    copies: list[tuple[int, int]],
    asked_for: list[Side],
) -> list[str]:
    """Lend a picture to every side that a class would miss; return what was done, in sentences."""
    partners: dict[int, set[int]] = defaultdict(set)
    for one, other in copies:
        partners[one].add(other)
        partners[other].add(one)
    notes = []
    for label in index.labels:
        members = [
            number for number, picture in enumerate(index.pictures) if picture.label == label
        ]
        for side in (Side.TRAINING, *asked_for):
            if not any(sides[member] is side for member in members):
                lender = _lend_picture(sides, members, places, partners, side)
                if lender:
                    notes.append(f"One picture of {label} was moved from {lender} to {side}.")
    return notes


def _lend_picture(
    sides: list[Side],
    members: list[int],
    places: list[float],
    partners: Mapping[int, set[int]],
    side: Side,
) -> Side | None:
    """Move one picture of a class to a side, its copies out of use; return where it came from."""
    for lender in reversed(_PRECEDENCE):
        stock = [member for member in members if sides[member] is lender]
        for member in sorted(stock, key=places.__getitem__):
            if not (partners[member] | {member}).issuperset(stock):
                sides[member] = side
                for partner in partners[member]:
                    sides[partner] = Side.SET_ASIDE
                return lender
    return None


def _require_classes(index: DatasetIndex, needed: int) -> None:
    if not index.pictures:
        raise DatasetError(
            f"There are no pictures in {index.image_dir}: put some into a sub-folder for each "
            f"class.{_first_rejection(index)}",
            path=index.image_dir,
            found=0,
            needed=2 * needed,
        )
    if len(index.labels) < 2:  # noqa: PLR2004
        raise DatasetError(
            f"There is only one class in {index.image_dir} ({index.labels[0]}), and it takes two "
            "to tell apart: add a sub-folder with pictures of another class.",
            path=index.image_dir,
            found=1,
            needed=2,
        )
    for label, count in index.counts.items():
        if count < needed:
            raise DatasetError(
                f"The class {label} in {index.image_dir} has {count} usable "
                f"{'picture' if count == 1 else 'pictures'}, and training, validation and testing "
                f"need at least {needed}: add pictures; 30 or more work well."
                f"{_first_rejection(index, label)}",
                path=index.image_dir,
                label=label,
                found=count,
                needed=needed,
            )


def _first_rejection(index: DatasetIndex, label: str | None = None) -> str:
    mine = [file for file in index.rejected if label in (None, file.label)]
    return f" {len(mine)} could not be used, the first because {mine[0].reason}" if mine else ""


def _require_every_side(index: DatasetIndex, sides: list[Side], asked_for: list[Side]) -> None:
    for label in index.labels:
        present = {
            side
            for side, picture in zip(sides, index.pictures, strict=True)
            if picture.label == label
        }
        for side in (Side.TRAINING, *asked_for):
            if side not in present:
                raise DatasetError(
                    f"The class {label} in {index.image_dir} has no picture left for {side}, "
                    "because the others are copies of each other: add different pictures.",
                    path=index.image_dir,
                    label=label,
                    found=0,
                    needed=1,
                )
