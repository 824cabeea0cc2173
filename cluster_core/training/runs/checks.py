"""Check what is read from the files of a run, which may be damaged."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from cluster_core.evaluation.scored_pictures import check_independent
from cluster_core.evaluation.scores import Metrics, TestedPicture
from cluster_core.model.head.settings import Evaluation
from cluster_core.storage.saved_values import (
    MALFORMED_ERRORS,
    check_count,
    check_inner_path,
    check_number,
    check_text,
)
from cluster_core.training.config import TrainConfig

_NONE = type(None)
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "bool | None": (bool, _NONE),
    "Path": (str,),
    "Path | None": (str, _NONE),
}
_SETTING_TYPES = {field.name: str(field.type) for field in fields(TrainConfig)}


def check_setting(name: str, value: object) -> Any:
    """Return the value of a setting as `TrainConfig` takes it.

    Raises
    ------
    TypeError
        There is no such setting, or its value has the wrong type.
    ValueError, OverflowError
        The value is not a path, or a number that is too large.
    """
    kind = _SETTING_TYPES.get(name)
    if kind is None or type(value) not in _JSON_TYPES[kind]:
        raise TypeError(f"{name[:100]!r} is unknown or has the wrong type")
    if isinstance(value, str) and "\0" in value:
        raise ValueError(f"{name} contains a NUL character")
    if isinstance(value, int | float):
        float(value)  # huge integers cannot be compared with or shown as other numbers
    return Path(value) if isinstance(value, str) and kind.startswith("Path") else value


def check_metrics(record: dict[str, Any]) -> Metrics:
    """Return the metrics in the record of a result.

    Raises
    ------
    One of MALFORMED_ERRORS
        The record is damaged.
    """
    labels = check_texts(record["labels"])
    pictures = tuple(_check_picture(*values) for values in record["pictures"])
    if not {picture.label for picture in pictures}.union(
        picture.predicted for picture in pictures
    ).issubset(labels):
        raise ValueError("a picture has an unknown class")
    n_independent = check_independent(record.get("n_independent"), len(pictures))
    return Metrics(labels, pictures, n_independent)


def _check_picture(
    path: object, sha256: object, label: object, predicted: object, score: object
) -> TestedPicture:
    return TestedPicture(
        Path(check_inner_path(path)),
        check_text(sha256),
        check_text(label),
        check_text(predicted),
        check_number(score),
    )


def check_texts(values: object) -> tuple[str, ...]:
    """Return the value, a list of strings, as a tuple.

    Raises
    ------
    ValueError
        It is not a list of strings.
    """
    if not isinstance(values, list):
        raise ValueError("a list was expected")
    return tuple(check_text(value) for value in values)


def check_counts(value: dict[str, dict[str, object]]) -> dict[str, dict[str, int]]:
    """Return the numbers of pictures by side of the split, then by class.

    Raises
    ------
    ValueError, AttributeError
        The value is something else.
    """
    return {
        side: {label: check_count(count) for label, count in counts.items()}
        for side, counts in value.items()
    }


def parse_evaluation(line: bytes) -> Evaluation | None:
    """Return the evaluation in a line of a run's file of evaluations; None if it is damaged."""
    try:
        return _check_evaluation(*json.loads(line))
    except MALFORMED_ERRORS:
        return None


def _check_evaluation(step: object, *values: object) -> Evaluation:
    *measured, n_validation = values
    train_accuracy, train_cross_entropy, accuracy, cross_entropy = measured
    return Evaluation(
        check_count(step),
        check_number(train_accuracy),
        check_number(train_cross_entropy),
        None if accuracy is None else check_number(accuracy),
        None if cross_entropy is None else check_number(cross_entropy),
        check_count(n_validation),
    )
