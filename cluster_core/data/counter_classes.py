"""Classes of counter-examples: pictures of none of the classes, which get no score of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import filelock

from cluster_core.access import Action, require
from cluster_core.data.labels import fold_name
from cluster_core.storage.safe_moves import explaining_disk_errors
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_text
from cluster_core.workspace import replacing

# The folder that is created for them; any spelling of it is recognised.
COUNTER_CLASS = "none_of_these"
RECORD = ".counter_classes.json"
_LOCK = ".counter_classes.lock"
_GAPS = re.compile(r"[\s_-]+")


def is_counter_name(name: str) -> bool:
    """Return whether a class is called `none_of_these`, such as `None of these`."""
    return _GAPS.sub(" ", fold_name(name)).strip() == "none of these"


def list_counter_classes(image_dir: Path, labels: Iterable[str]) -> tuple[str, ...]:
    """Return those of the classes that are counter-examples, by their name or by choice."""
    ticked = _load_ticked(image_dir)
    return tuple(label for label in labels if is_counter_name(label) or label in ticked)


def mark_as_counter_class(image_dir: Path, label: str, is_counter: bool) -> None:
    """Record whether the pictures of a class are counter-examples.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.
    label : str
        The class. One that `is_counter_name` recognises always is a counter class.
    is_counter : bool
        Whether its pictures show none of the other classes.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """
    require(Action.EDIT_DATASETS)
    with explaining_disk_errors("The choice could not be kept", image_dir):
        image_dir.stat()  # `replacing` would create the folder of a deleted dataset
        # Another tab may tick a class at the same time.
        with filelock.FileLock(image_dir / _LOCK), replacing(image_dir / RECORD) as draft:
            others = _load_ticked(image_dir) - {label}
            ticked = others | {label} if is_counter else others
            draft.write_text(json.dumps(sorted(ticked), ensure_ascii=False), "utf-8")


def _load_ticked(image_dir: Path) -> frozenset[str]:
    """Return the classes that were ticked; a missing or damaged record counts as empty."""
    try:
        record = json.loads((image_dir / RECORD).read_text("utf-8"))
        if not isinstance(record, list):
            return frozenset()
        return frozenset(map(check_text, record))
    except (OSError, *MALFORMED_ERRORS):
        return frozenset()
