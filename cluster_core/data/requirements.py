"""What a dataset needs before it can be split and learned from."""

from __future__ import annotations

from collections.abc import Sequence

from cluster_core.data.index import DatasetIndex
from cluster_core.errors import DatasetError
from cluster_core.images import has_image_suffix


def require_classes(index: DatasetIndex, needed: int) -> None:
    """Check that there are two classes, each with enough usable pictures.

    Parameters
    ----------
    index : DatasetIndex
    needed : int
        Pictures that each class needs.

    Raises
    ------
    DatasetError
        There are too few classes or pictures.
    """
    if not index.all_pictures:
        if any(map(has_image_suffix, index.image_dir.glob("*"))):
            raise DatasetError(
                f"The pictures are directly in {index.image_dir}, but each class needs a sub-folder"
                f": choose the folder above it, {index.image_dir.absolute().parent}, or move them "
                "into sub-folders.",
                path=index.image_dir,
                found=0,
                needed=2 * needed,
            )
        raise DatasetError(
            f"There are no pictures in {index.image_dir}: add a sub-folder of pictures for each "
            f"class.{_describe_rejected(index)}",
            path=index.image_dir,
            found=0,
            needed=2 * needed,
        )
    if len(index.labels) < 2:  # noqa: PLR2004
        found = (
            f"only one class in {index.image_dir} ({index.labels[0]})"
            if index.labels
            else f"no class in {index.image_dir} but {index.counter_labels[0]}"
        )
        raise DatasetError(
            f"There is {found}, but at least two are needed: add a sub-folder with pictures of "
            f"another class.{_describe_counter_classes(index)}",
            path=index.image_dir,
            found=len(index.labels),
            needed=2,
        )
    for label, count in index.counts.items():
        if count < needed:
            raise DatasetError(
                f"The class {label} in {index.image_dir} has {count} usable "
                f"{'picture' if count == 1 else 'pictures'}, but training, validation and testing "
                f"need at least {needed}: add pictures; 30 or more work well."
                f"{_describe_rejected(index, label)}",
                path=index.image_dir,
                label=label,
                found=count,
                needed=needed,
            )


def _describe_counter_classes(index: DatasetIndex) -> str:
    if not index.counter_labels:
        return ""
    return f" {index.counter_labels[0]} does not count, because it has no score of its own."


def _describe_rejected(index: DatasetIndex, label: str | None = None) -> str:
    rejected = [file for file in index.rejected if label in (None, file.label)]
    if not rejected:
        return ""
    files = "1 file" if len(rejected) == 1 else f"{len(rejected)} files"
    return f" {files} could not be used, for example: {rejected[0].reason}"


def require_every_side(index: DatasetIndex, sides: Sequence[str], needed: Sequence[str]) -> None:
    """Check that each class has a picture on every side that is needed.

    Parameters
    ----------
    index : DatasetIndex
    sides : sequence of Side
        The side of each picture.
    needed : sequence of Side

    Raises
    ------
    DatasetError
        A class has no picture left for a side, because its pictures are copies.
    """
    for label in index.labels:
        present = {
            side
            for side, picture in zip(sides, index.pictures, strict=True)
            if picture.label == label
        }
        for side in needed:
            if side not in present:
                raise DatasetError(
                    f"The class {label} in {index.image_dir} has no picture left for {side}, "
                    "because its pictures are copies of each other: add different pictures.",
                    path=index.image_dir,
                    label=label,
                    found=0,
                    needed=1,
                )
