"""Classes of counter-examples: pictures of none of the classes, which get no score of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cluster_core.access import Access
from cluster_core.data.hidden_records import change_record, load_record
from cluster_core.data.labels import fold_name

# The folder that is created for them; any spelling of it is recognised.
COUNTER_CLASS = "none_of_these"
TICKED = ".counter_classes.json"
_GAPS = re.compile(r"[\s_-]+")


def is_counter_name(name: str) -> bool:
    """Return whether a class is called `none_of_these`, such as `None of these`."""
    return _GAPS.sub(" ", fold_name(name)).strip() == "none of these"


def load_ticked(image_dir: Path) -> frozenset[str]:
    """Return the classes of a dataset that were ticked as counter-examples.

    Some may no longer exist. A missing or damaged record counts as empty.
    """
    record = load_record(image_dir / TICKED)
    if not isinstance(record, list):
        return frozenset()
    return frozenset(label for label in record if isinstance(label, str))


def list_counter_classes(image_dir: Path, labels: Iterable[str]) -> tuple[str, ...]:
    """Return those of the classes that are counter-examples, by their name or by choice."""
    ticked = load_ticked(image_dir)
    return tuple(label for label in labels if is_counter_name(label) or label in ticked)


def tick_counter_class(access: Access, image_dir: Path, label: str, is_counter: bool) -> None:
    """Record whether the pictures of a class are counter-examples.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset's folder.
    label : str
        The class. One that `is_counter_name` recognises is a counter class in any case.
    is_counter : bool
        Whether its pictures show none of the other classes.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """

    def edit() -> list[str]:
        others = load_ticked(image_dir) - {label}
        return sorted(others | {label} if is_counter else others)

    change_record(access, image_dir / TICKED, edit, "The choice could not be kept")
